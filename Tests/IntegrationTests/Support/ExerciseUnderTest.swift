import Foundation

/// The very file of a folder of `exercises`, started in a folder and on ports of the test's own.
final class ExerciseUnderTest: Sendable {
    let postern: PosternUnderTest
    let rows: [PolicyRow]
    /// What the connectors to other systems send to, by the connector's name.
    let sinks: [String: SinkUnderTest]
    /// The exercise's own folder.
    let source: String
    private let submissionPort: Int

    private static let password = "pencil and paper"

    static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("exercises")
    }

    init(_ name: String) throws {
        source = Self.folder.appendingPathComponent(name).path
        postern = try PosternUnderTest()
        submissionPort = try FreePort.take()
        rows = try PolicyRow.rows(of: String(contentsOfFile: "\(source)/policy-tests.yaml", encoding: .utf8))
        var text = try String(contentsOfFile: "\(source)/postern.yaml", encoding: .utf8)
        func replace(_ old: String, with new: String) throws {
            // What is not there would let the test listen, or write, where the example does.
            guard text.contains(old) else { throw PosternUnderTest.Failure(description: "\(name)/postern.yaml lacks \(old)") }
            text = text.replacing(old, with: new)
        }
        try replace("/var/lib/postern-mailbox/", with: "mail/")
        try replace("/var/lib/postern", with: "state")
        try replace("/run/postern", with: "run")
        try replace("/etc/postern/tls/", with: "")
        try replace("\"0.0.0.0:25\"", with: "\"127.0.0.1:\(postern.port)\"")
        try replace("\"0.0.0.0:587\"", with: "\"127.0.0.1:\(submissionPort)\"")
        var sinks = ["general": try SinkUnderTest()]
        try replace("deliver: dns", with: "deliver: { smart_hosts: [\"[127.0.0.1]:\(sinks["general"]!.port)\"] }")
        if text.contains("relay.fabrikam.example") {
            let partner = try SinkUnderTest()
            sinks["partner"] = partner
            try replace("relay.fabrikam.example", with: "[127.0.0.1]:\(partner.port)")
        }
        // The subnet of the exercises is one of the loopback's here, from which a test can connect.
        if text.contains("10.1.0.0/16") { try replace("10.1.0.0/16", with: "127.1.0.0/16") }
        self.sinks = sinks
        try postern.folder.write("postern.yaml", text)
    }

    /// Starts everything, with the people of the exercise's `directory.yaml`.
    func start() async throws {
        try await Certificate.selfSigned(in: postern.folder, name: "mail", host: "mail.example.org")
        for sink in sinks.values { try await sink.start() }
        try await postern.start()
        let imported = try await postern.postern(["directory", "import", "\(source)/directory.yaml", "--apply"])
        guard imported.status == 0 else { throw PosternUnderTest.Failure(description: "\(imported)") }
        for account in Set(rows.compactMap(\.account)) {
            let changed = try await postern.postern(["user", "passwd", account, "--password-stdin"], input: "\(Self.password)\n")
            guard changed.status == 0 else { throw PosternUnderTest.Failure(description: "\(account): \(changed)") }
        }
        _ = try await eventually("people can log in; the log:\n\(postern.logText.suffix(4000))") {
            FreePort.isTaken(submissionPort) && (rows.allSatisfy { $0.account == nil } || postern.logText.contains("auth is ready"))
                ? true : nil
        }
    }

    func stop() async {
        await postern.stop()
        for sink in sinks.values { sink.stop() }
    }

    /// Sends an envelope; what a person logged in writes goes by curl where it should be taken, the rest by swaks, which shows the dialogue.
    func send(_ row: PolicyRow) async throws -> Program.Result {
        let port = row.via == "internet" ? postern.port : submissionPort
        let text = "From: test@example.org\r\nSubject: A test\r\n\r\nHello.\r\n"
        if let account = row.account, row.expectation != "refuse" {
            return try await Program.run(
                "curl",
                [
                    "-sS", "--max-time", "60", "--url", "smtp://mail.example.org:\(port)", "--ssl-reqd", "--resolve",
                    "mail.example.org:\(port):127.0.0.1", "--cacert", postern.folder.file("mail.pem").path, "--interface",
                    Self.address(row.client), "--login-options", "AUTH=PLAIN", "--user", "\(account)@example.org:\(Self.password)",
                    "--mail-from", row.from == "<>" ? "" : row.from, "--mail-rcpt", row.to, "--upload-file", "-",
                ], input: Data(text.utf8))
        }
        let login =
            row.account.map { ["--tls", "--auth", "PLAIN", "--auth-user", "\($0)@example.org", "--auth-password", Self.password] } ?? []
        return try await Program.run(
            "swaks",
            [
                "--server", "127.0.0.1:\(port)", "--local-interface", Self.address(row.client), "--from", row.from, "--to", row.to,
                "--data",
                text,
            ] + (row.via == "clients" && login.isEmpty ? ["--tls"] : login))
    }

    /// An address of the loopback that is to the file here what the row's address is to the exercise.
    private static func address(_ client: String) -> String {
        client.hasPrefix("10.") ? "127." + client.dropFirst(3) : "127.0.0.1"
    }

    /// How many messages each connector has delivered.
    func delivered() throws -> [String: Int] {
        var counts = try sinks.mapValues { try $0.count() }
        let mail = postern.folder.file("mail").path
        counts["mailboxes"] = FileManager.default.enumerator(atPath: mail)?.filter { "\($0)".contains("/new/") }.count ?? 0
        return counts
    }
}
