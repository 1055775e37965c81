import MailVocabulary
import Testing

@testable import CommandLineTool

@Suite("Login names and passwords of devices")
struct CredentialNameTests {
    @Test(
        "a device's login name is a subaddress of its account, completed by the default domain",
        arguments: [
            ("anna@example.org", "anna+phone@example.org"), ("anna", "anna+phone@default.test"),
            ("\"a b\"@example.org", "\"a b+phone\"@example.org"), ("\"a@b\"@example.org", "\"a@b+phone\"@example.org"),
        ])
    func name(_ account: String, _ login: String) {
        #expect(DeviceLogin.name(account: account, device: "phone", defaultDomain: DomainName(parsing: "default.test")) == login)
        #expect(EmailAddress(parsing: login) != nil)
    }

    @Test("without a configuration that can be read, the core completes a bare name")
    func bare() { #expect(DeviceLogin.name(account: "anna", device: "phone", defaultDomain: nil) == "anna+phone") }

    @Test("a device is called by letters, digits, - and _", arguments: ["", "my phone", "a+b", "a@b", "a.b", "handy\u{e4}", "a\"", "a:b"])
    func notNames(_ name: String) { #expect(!DeviceLogin.isName(name)) }

    @Test("phone, Phone_2 and tablet-old are names of devices", arguments: ["phone", "Phone_2", "tablet-old", "x"])
    func names(_ name: String) { #expect(DeviceLogin.isName(name)) }

    @Test("a made password has 16 characters that cannot be mistaken, in groups of four, and differs each time")
    func generated() throws {
        let one = try GeneratedPassword().text
        #expect(one.split(separator: "-").map(\.count) == [4, 4, 4, 4])
        #expect(one.allSatisfy { "abcdefghijkmnpqrstuvwxyz23456789-".contains($0) })
        #expect(try GeneratedPassword().text != one)
        #expect(GeneratedPassword(octets: Array(0..<16)).text == "abcd-efgh-ijkm-npqr")
        #expect(GeneratedPassword(octets: Array(240...255)).text == "stuv-wxyz-2345-6789")
    }
}
