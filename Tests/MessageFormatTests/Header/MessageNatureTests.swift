import MessageFormat
import Testing

@Suite("What a header says of priority and origin")
struct MessageNatureTests {
    @Test(
        "priority",
        arguments: [
            ("", .normal), ("X-Priority: 1 (Highest)", .high), ("x-priority:2", .high), ("X-Priority: 3", .normal), ("X-Priority: 5", .low),
            ("X-Priority: 0", .normal), ("Importance: High", .high), ("Importance: low (really)", .low), ("MT-Priority: -3", .low),
            ("MT-Priority: 4", .high), ("MT-Priority: 10", .normal), ("X-Priority: 5\r\nImportance: high", .high),
            ("Importance: low\r\nImportance: high", .low), ("Subject: x\r\n Importance: high", .normal),
            ("Importance: high\r\nMT-Priority: 0", .normal),
        ] as [(String, MessageNature.Priority)])
    func priority(header: String, priority: MessageNature.Priority) {
        let text = "Received: by us\r\n" + (header.isEmpty ? "" : header + "\r\n") + "\r\nImportance: low\r\n"
        #expect(MessageNature(beginning: text.utf8).priority == priority)
    }

    @Test(
        "a program wrote it, unless it says `no`",
        arguments: [
            ("", false), ("Auto-Submitted: no", false), ("Auto-Submitted: NO (x)", false), ("Auto-Submitted: auto-replied", true),
            ("auto-submitted: auto-generated; owner-email=x", true), ("Auto-Submitted: nothing", true),
        ])
    func automatic(header: String, isAutomatic: Bool) {
        #expect(MessageNature(beginning: "A: b\r\n\(header.isEmpty ? "B: c" : header)\r\n\r\n".utf8).isAutomatic == isAutomatic)
    }

    @Test("what is behind the bound does not count, and bytes that are no text harm nothing")
    func bounded() {
        let long = [UInt8](repeating: 0x41, count: MessageNature.maximumOctets) + Array("\r\nImportance: high\r\n\r\n".utf8)
        #expect(MessageNature(beginning: long).priority == .normal)
        #expect(MessageNature(beginning: [0xFF, 0xFE, 0x0A] + Array("Importance: high\r\n\r\n".utf8)).priority == .high)
    }
}
