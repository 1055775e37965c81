import MailVocabulary
import Testing

@testable import Authentication

@Suite("Forms of the login name")
struct LoginNameFormsTests {
    private func forms() throws -> LoginNameForms {
        LoginNameForms(
            defaultDomain: try domain("tailspintoys.example"),
            domains: [try domain("tailspintoys.example"), try domain("branch.tailspintoys.example"), try domain("fabrikam.example")],
            aliases: [try domain("old.example"): try domain("tailspintoys.example")])
    }

    @Test(
        "S09's forms, and what is looked for",
        arguments: [
            ("m.alexander", ["m.alexander", "m.alexander@tailspintoys.example"]),
            ("M.Alexander", ["m.alexander", "m.alexander@tailspintoys.example"]),
            ("  m.alexander ", ["m.alexander", "m.alexander@tailspintoys.example"]),
            ("M.Alexander@TailspinToys.Example", ["m.alexander@tailspintoys.example"]),
            ("anyone@else.example", ["anyone@else.example"]),
            ("TAILSPINTOYS\\M.Alexander", ["m.alexander@tailspintoys.example"]),
            ("tailspintoys.example\\m.alexander", ["m.alexander@tailspintoys.example"]),
            ("Branch.TailspinToys.Example\\s.allen", ["s.allen@branch.tailspintoys.example"]),
            ("fabrikam.example\\x", ["x@fabrikam.example"]),
            ("s.allen@old.example", ["s.allen@old.example", "s.allen@tailspintoys.example"]),
            ("OLD.example\\x", ["x@tailspintoys.example"]),
            ("anna/phone", ["anna/phone", "anna/phone@tailspintoys.example"]),
            ("anna phone", ["anna phone"]),
            ("an\u{AD}na", ["anna", "anna@tailspintoys.example"]),
            ("GRÜN", ["grün", "grün@tailspintoys.example"]),
            ("@", ["@"]),
        ])
    func read(_ text: String, _ lookups: [String]) throws {
        let name = try forms().read(Array(text.utf8))
        #expect(name.lookups == lookups)
        #expect(name.key == lookups.last)
    }

    @Test(
        "what nobody is called",
        arguments: [
            "", "   ", "FABRIKAM\\x", "OTHER\\m.alexander", "TAILSPINTOYS\\", "\\m.alexander", "TAILSPINTOYS\\a\\b",
            "TAILSPINTOYS\\a@b.example",
            "a\0b", "a\nb", "a\u{E000}b", "a\u{202E}b", String(repeating: "x", count: 255),
        ])
    func nobody(_ text: String) throws { #expect(try forms().read(Array(text.utf8)).lookups == []) }

    @Test("what is no UTF-8 is nobody, and bounded in the count of failures")
    func octets() throws {
        #expect(try forms().read([0xFF, 0x61]).lookups == [])
        #expect(try forms().read([UInt8](repeating: 0x61, count: 100_000)).key.utf8.count == LoginName.maximumOctets)
    }

    @Test("without a default domain a bare name is itself alone")
    func withoutDefault() {
        let name = LoginNameForms(defaultDomain: nil, domains: []).read(Array("Anna".utf8))
        #expect(name.lookups == ["anna"] && name.key == "anna")
    }

    @Test(
        "a principal is an account where its realm is one of our domains in upper case",
        arguments: [
            ("m.alexander@TAILSPINTOYS.EXAMPLE", "m.alexander@tailspintoys.example"),
            ("M.Alexander@FABRIKAM.EXAMPLE", "m.alexander@fabrikam.example"),
            ("m.alexander@tailspintoys.example", nil), ("m.alexander@OTHER.EXAMPLE", nil), ("m.alexander", nil),
            ("host/mail@TAILSPINTOYS.EXAMPLE", nil), ("anna/admin@TAILSPINTOYS.EXAMPLE", nil),
            ("anna\\@x@TAILSPINTOYS.EXAMPLE", nil), ("a@b@TAILSPINTOYS.EXAMPLE", nil), ("@TAILSPINTOYS.EXAMPLE", nil),
            ("an\u{AD}na@TAILSPINTOYS.EXAMPLE", nil), (String(repeating: "x", count: 300) + "@TAILSPINTOYS.EXAMPLE", nil),
        ] as [(String, String?)])
    func principal(_ principal: String, _ account: String?) throws {
        #expect(try forms().account(ofPrincipal: principal)?.key == account)
    }
}
