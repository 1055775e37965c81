import Foundation
import MailVocabulary
import Testing

@testable import NameResolution

struct HostsFileTests {
    @Test("names, aliases, comments, tabs and CRLF are read as hosts(5) has them")
    func reading() throws {
        let file = HostsFile(
            parsing: Array(
                """
                127.0.0.1\tlocalhost   # loopback
                192.0.2.1 Mail.Example mail\r
                2001:db8::1   mail.example
                #192.0.2.9 commented.example
                  192.0.2.2 second.example mail.example
                """.utf8))
        #expect(file.addresses(of: try domain("localhost")) == [try address("127.0.0.1")])
        #expect(
            file.addresses(of: try domain("mail.example")) == [
                try address("192.0.2.1"), try address("2001:db8::1"), try address("192.0.2.2"),
            ])
        #expect(file.names(of: try address("192.0.2.1")) == [try domain("mail.example"), try domain("mail")])
        #expect(file.addresses(of: try domain("commented.example")) == nil)
        #expect(file.names(of: try address("192.0.2.9")) == nil)
    }

    @Test(
        "lines that are no entries are passed over",
        arguments: ["", "192.0.2.1", "mail.example 192.0.2.1", "1.2.3 a", "fe80::1%lo0 a", "\0", "192.0.2.1 a_b -c"])
    func otherLines(_ line: String) {
        #expect(HostsFile(parsing: Array(line.utf8)) == HostsFile())
    }

    @Test("bytes that are no text do no harm", arguments: [1, 2, 3] as [UInt64])
    func anyBytes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        _ = HostsFile(parsing: (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    @Test("a missing file, a folder and a file over a megabyte are refused by name")
    func unreadable() throws {
        let large = FileManager.default.temporaryDirectory.appendingPathComponent("hosts-\(UUID().uuidString)")
        try Data(repeating: 0x23, count: 1_100_000).write(to: large)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: large) } }
        for path in ["/nonexistent/hosts", "/", large.path] {
            do {
                _ = try HostsFile(file: path)
                Issue.record("\(path) was read")
            } catch ResolverError.unreadable(let file, let reason) {
                #expect(file == path && !reason.isEmpty)
            }
        }
    }
}
