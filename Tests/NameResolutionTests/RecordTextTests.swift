import Testing

@testable import NameResolution

@Suite("Records as zone files write them")
struct RecordTextTests {
    @Test(
        "each type has its text, and a stranger's octets become no control characters",
        arguments: [
            ([192, 0, 2, 1], .a, "192.0.2.1"),
            (Array(repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1], .aaaa, "::ffff:192.0.2.1"),
            ([1, 0x61, 2, 0x2E, 0x1B, 0], .ns, #"a.\.\027."#),
            ([0], .ptr, "."),
            ([0, 10, 2, 0x6D, 0x78, 0], .mx, "10 mx."),
            ([3, 0x61, 0x22, 0x0A, 1, 0xFF], .txt, #""a\"\010" "\255""#),
            ([3, 1, 0, 0xAB, 0x01], .tlsa, "3 1 0 ab01"),
        ] as [([UInt8], RecordType, String)])
    func texts(rdata: [UInt8], type: RecordType, text: String) {
        #expect(RecordData.text(rdata, of: type) == text)
    }

    @Test(
        "what is not of its type has none",
        arguments: [
            ([1, 2, 3], .a), ([], .aaaa), ([1], .ns), ([1, 0x61], .ns), ([0, 0], .ns), ([64], .ptr), ([0, 10], .mx), ([], .txt),
            ([2, 0x61], .txt), ([3, 1, 1, 0xAB], .tlsa), ([3, 1, 0], .tlsa),
        ] as [([UInt8], RecordType)])
    func damaged(rdata: [UInt8], type: RecordType) {
        #expect(RecordData.text(rdata, of: type) == nil)
    }
}
