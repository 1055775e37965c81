import NameResolution
import Testing

@testable import CommandLineTool

@Suite("Questions to the DNS, as typed")
struct DNSQuestionTests {
    @Test(
        "what is typed becomes the name that is asked",
        arguments: [
            ("Example.ORG.", .mx, "example.org"),
            ("bücher.example", .mx, "xn--bcher-kva.example"),
            ("_dmarc.bücher.example", .txt, "_dmarc.xn--bcher-kva.example"),
            ("a_b.example", .a, "a_b.example"),
            ("192.0.2.1", .ptr, "1.2.0.192.in-addr.arpa"),
            ("[192.0.2.1]", .ptr, "1.2.0.192.in-addr.arpa"),
            ("1.2.0.192.in-addr.arpa", .ptr, "1.2.0.192.in-addr.arpa"),
            ("mx.example", .tlsa, "_25._tcp.mx.example"),
            ("mx.example:587", .tlsa, "_587._tcp.mx.example"),
            ("_465._tcp.mx.example", .tlsa, "_465._tcp.mx.example"),
        ] as [(String, RecordType, String)])
    func names(typed: String, type: RecordType, asked: String) throws {
        let question = try DNSQuestion(parsing: typed, type: type)
        #expect(question.name == asked && question.type == type)
    }

    @Test(
        "what can be no name is refused before anybody is asked",
        arguments: [
            ("", .mx), ("a b", .mx), ("a..b", .a), ("_dmarc..", .txt), ("example.org", .ptr), ("192.0.2.256", .ptr), ("mx:0", .tlsa),
            ("mx:65536", .tlsa), ("a:b:c", .tlsa), (String(repeating: "x", count: 64), .ns),
        ] as [(String, RecordType)])
    func refused(typed: String, type: RecordType) {
        #expect(throws: DNSQuestion.Refusal.self) { try DNSQuestion(parsing: typed, type: type) }
    }
}
