import NIOCore
import Testing

@testable import MessageFormat

@Suite("The text of reports")
struct ReportTextTests {
    @Test("a field is appended where the report lies: nothing that is written already is copied")
    func writesInPlace() {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(1 << 20)
        buffer.writeString("Reporting-MTA: dns; mail.example\r\n")
        let text = ReportText(allowsUTF8: false)
        let storage = buffer.withVeryUnsafeBytes { $0.baseAddress }
        for number in 0..<1000 { text.writeField("Final-Recipient", "rfc822; user\(number)@far.example", into: &buffer) }
        #expect(buffer.withVeryUnsafeBytes { $0.baseAddress } == storage)
        #expect(buffer.readableBytes > 40_000)
        #expect(String(buffer: buffer).hasSuffix("Final-Recipient: rfc822; user999@far.example\r\n"))
    }
}
