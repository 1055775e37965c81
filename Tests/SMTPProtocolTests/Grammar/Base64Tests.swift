import Foundation
import Testing

@testable import SMTPProtocol

@Suite("Base 64")
struct Base64Tests {
    @Test("is written and read like Foundation's", arguments: 0..<100)
    func foundation(count: Int) {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ count) }
        let text = Data(octets).base64EncodedString()
        #expect(Base64.encode(octets) == Array(text.utf8))
        #expect(Base64.encodedCount(count) == text.utf8.count)
        #expect(Base64.decode(text.utf8) == octets)
    }

    @Test(
        "nothing else is read",
        arguments: [
            "A", "AA", "AAA", "=", "====", "A===", "AA=A", "AA==AAAA", "AAA=AAAA", "AAAA=", "AB==", "AAB=", "A A=", "AAA-", "AAA_", "AAA\0",
            " AAAA", "AAAA ", "AAAé",
        ])
    func refused(text: String) { #expect(Base64.decode(text.utf8) == nil) }
}
