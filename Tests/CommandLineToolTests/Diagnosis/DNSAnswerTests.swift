import NameResolution
import Testing

@testable import CommandLineTool

@Suite("Answers of the DNS, for people")
struct DNSAnswerTests {
    private let mx = DNSQuestion(name: "example.org", type: .mx)

    private func answer(_ answer: LookupAnswer, _ question: DNSQuestion? = nil, isValidating: Bool = false) -> DNSAnswer {
        DNSAnswer(
            question: question ?? mx, result: LookupResult(answer, timeToLive: 300), isValidating: isValidating, hostsFile: nil)
    }

    @Test("what nobody validated is not called insecure, and no answer has no status")
    func status() {
        let records = LookupAnswer.records([[0, 10, 1, 0x61, 0]], isSecure: false)
        #expect(answer(records).status == .notValidated)
        #expect(answer(records, isValidating: true).status == .insecure)
        #expect(answer(.noSuchDomain(isSecure: true), isValidating: true).status == .secure)
        #expect(answer(.failure(.bogus("signature expired")), isValidating: true).status == .bogus("signature expired"))
        #expect(answer(.failure(.timeout), isValidating: true).status == nil)
    }

    @Test("no such name, no such record and no answer are three outcomes")
    func outcomes() {
        #expect(answer(.noSuchDomain(isSecure: false)).outcome == .noSuchName)
        #expect(answer(.noRecords(isSecure: false)).outcome == .noData)
        #expect(answer(.failure(.serverFailure(rcode: 2))).outcome == .failure)
        #expect(answer(.failure(.serverFailure(rcode: 2))).summary == "none: the name servers failed (SERVFAIL)")
    }

    @Test("MX records come most preferred first, a null MX is named, and a damaged record is called so")
    func exchangers() {
        let found = answer(.records([[0, 20, 1, 0x62, 0], [0, 10, 1, 0x61, 0], [1]], isSecure: false))
        #expect(found.records == ["10 a.", "20 b.", "(malformed: 1 octets)"])
        #expect(answer(.records([[0, 0, 0]], isSecure: false)).remark == "A null MX: the domain takes no mail (RFC 7505).")
    }

    @Test("of an answer with thousands of records a hundred are shown, and the rest is counted")
    func bounded() {
        let many = answer(
            .records(Array(repeating: [127, 0, 0, 1], count: 5000), isSecure: false), DNSQuestion(name: "a.example", type: .a))
        #expect(many.records.count == 100 && many.recordCount == 5000)
        let text = DNSAnswerText(many, askedOf: "nobody", paint: Paint(isOn: false)).text
        #expect(text.hasSuffix("\n  and 4900 more"))
    }

    @Test("no line of a form is longer than a terminal is wide, and only a terminal gets colour")
    func form() {
        let failure = answer(.failure(.bogus(String(repeating: "no keys ", count: 30))), isValidating: true)
        let plain = DNSAnswerText(failure, askedOf: "nobody", paint: Paint(isOn: false)).text
        #expect(plain.split(separator: "\n").allSatisfy { $0.count <= 80 } && !plain.contains("\u{1B}"))
        #expect(DNSAnswerText(failure, askedOf: "nobody", paint: Paint(isOn: true)).text.contains("\u{1B}[31m"))
    }
}
