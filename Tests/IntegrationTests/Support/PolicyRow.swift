import Foundation

/// One envelope of a `policy-tests.yaml` that has each on a line of its own, and what must become of it.
struct PolicyRow: CustomStringConvertible {
    let via, client, from, to, expectation: String
    /// Who is logged in.
    let account: String?
    let description: String

    struct Unreadable: Error, CustomStringConvertible { let description: String }

    /// The rows of a file. Whatever is neither comment nor row is an error, so that no envelope is left out.
    static func rows(of text: String) throws -> [PolicyRow] {
        try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { try PolicyRow(String($0)) }
    }

    private init(_ line: String) throws {
        guard line.hasPrefix("- { "), line.hasSuffix(" }") else { throw Unreadable(description: "no row: \(line)") }
        var values: [String: String] = [:]
        for pair in line.dropFirst(4).dropLast(2).components(separatedBy: ", ") {
            let parts = pair.components(separatedBy: ": ")
            guard parts.count == 2, values.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw Unreadable(description: "no pair: \(pair)")
            }
        }
        func take(_ key: String) throws -> String {
            guard let value = values.removeValue(forKey: key) else { throw Unreadable(description: "no \(key): \(line)") }
            return value
        }
        (via, client, from) = (try take("via"), try take("client"), try take("from"))
        (to, expectation) = (try take("to"), try take("expect"))
        account = values.removeValue(forKey: "as")
        guard values.isEmpty else { throw Unreadable(description: "more keys than this test knows: \(line)") }
        description = line
    }
}
