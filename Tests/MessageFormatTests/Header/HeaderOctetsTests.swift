import Testing

@testable import MessageFormat

@Suite("Octets above 127 in a header")
struct HeaderOctetsTests {
    @Test(
        "the header counts, and the body does not, however the content is split",
        arguments: [
            ("Subject: \u{E9}\r\n\r\nbody\r\n", true), ("Subject: e\r\n\r\nb\u{F6}dy\r\n", false), ("Subject: e\r\n \u{E9}\r\n", true),
            ("\r\n\u{E9}\r\n", false), ("", false), ("Subject: e", false), ("A: b\r\nC: d\r\n\r\n\r\nX: \u{E9}\r\n", false),
        ])
    func header(content: String, expected: Bool) {
        let octets = Array(content.utf8)
        for size in 1...max(1, octets.count) {
            var header = HeaderOctets()
            var rest = octets[...]
            while !rest.isEmpty {
                header.take(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(header.has8BitOctets == expected, "pieces of \(size)")
        }
    }
}
