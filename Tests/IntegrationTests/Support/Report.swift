import Foundation

/// A delivery report as Python's email package reads it.
struct Report: Decodable {
    let type: String
    let reportType: String?
    let to: String
    let returnPath: String?
    let parts: [String]
    /// The part for people.
    let words: String
    /// Fields by their names in lower case.
    let message: [String: String]
    let recipients: [[String: String]]
    let defects: [String]

    static func read(_ message: Data) async throws -> Report {
        let result = try await Program.run("python3", [Program.script("read_report")], input: message)
        guard result.status == 0 else { throw PosternUnderTest.Failure(description: "no report: \(result.errors)") }
        return try JSONDecoder().decode(Report.self, from: result.output)
    }
}

extension PosternUnderTest {
    /// Sends one message in; a recipient may be followed by parameters: `user@far.test NOTIFY=NEVER`.
    func send(from sender: String, to recipients: String...) async throws {
        let result = try await Program.run("python3", [Program.script("send_message"), "\(port)", sender] + recipients)
        guard result.status == 0 else { throw Failure(description: "message not taken: \(result.errors)") }
    }

    /// The reports in a mailbox.
    func reports(for user: String) async throws -> [Report] {
        var reports: [Report] = []
        for message in try messages(for: user) { reports.append(try await Report.read(message)) }
        return reports
    }

    func waitForEmptyQueue(within seconds: Double = 30) async throws {
        _ = try await eventually(within: seconds, "the queue is empty; the log:\n\(logText.suffix(4000))") {
            try await queue().isEmpty ? true : nil
        }
    }
}
