import Credentials
import Foundation
import MailVocabulary
import Testing

@testable import Authentication

@Suite("Which mechanisms are offered")
struct OfferTests {
    @Test("all, where everything is there; PLAIN and LOGIN only where encrypted")
    func all() throws {
        let server = try TestServer().server
        #expect(Set(server.mechanisms(isEncrypted: true)) == Set(SASLMechanism.allCases))
        #expect(Set(server.mechanisms(isEncrypted: false)) == Set(SASLMechanism.allCases).subtracting([.plain, .login]))
        #expect(try TestServer(basicRequiresEncryption: false).server.mechanisms(isEncrypted: false) == SASLMechanism.allCases)
    }

    @Test("those that need the password itself are not, where none can be read")
    func withoutKey() throws {
        let server = try TestServer(hasKey: false).server
        #expect(server.mechanisms(isEncrypted: true) == [.plain, .login, .scramSHA256, .gssapi, .gs2Kerberos])
        let settings = SASLServer.Settings(
            mechanisms: [.ntlm, .cramMD5], names: TestServer.forms, decoys: DecoyKeys(secret: [1]), ntlmServer: try domain("dc.a.example"))
        #expect(SASLServer(settings: settings, source: TestSource()).mechanisms(isEncrypted: true) == [.ntlm])
    }

    @Test("what is not offered cannot be begun, and each refusal has its reply")
    func refused() throws {
        let server = try TestServer(mechanisms: [.plain])
        #expect(try server.exchange(.login).begin(nil) == .failed(.mechanismNotAvailable))
        #expect(try server.exchange(.plain, encrypted: false).begin(Array("\0anna\0pencil".utf8)) == .failed(.encryptionRequired))
        #expect(AuthenticationFailure.encryptionRequired.reply.description.hasPrefix("538 5.7.11 "))
        #expect(AuthenticationFailure.mechanismNotAvailable.reply.description.hasPrefix("504 5.5.4 "))
        #expect(server.source.asked.isEmpty)
    }

    @Test("a second start with the same keytab, or with none, changes nothing, and with another one is an error")
    func twice() throws {
        try TestLibrary.start()
        try SASLLibrary.start(.init(keytab: TestLibrary.keytab) { _ in })
        try SASLLibrary.start(.init(keytab: nil) { _ in })
        #expect(throws: SASLLibrary.Failure.startedOtherwise) { try SASLLibrary.start(.init(keytab: "/another/keytab") { _ in }) }
    }

    @Test("kind: what cannot work is not offered: each mechanism that lacks something says what, and the others nothing")
    func faults() throws {
        let host = try domain("mail.a.example")
        let server = try TestServer(hasKey: false).server
        for mechanism in [.plain, .login, .scramSHA256] as [SASLMechanism] { #expect(server.fault(of: mechanism, hostname: host) == nil) }
        for mechanism in [.cramMD5, .scramSHA1, .ntlm] as [SASLMechanism] {
            #expect(server.fault(of: mechanism, hostname: host)?.contains("recoverable secrets") == true, "\(mechanism)")
        }
        let whole = try TestServer().server
        for mechanism in [.cramMD5, .scramSHA1, .ntlm] as [SASLMechanism] { #expect(whole.fault(of: mechanism, hostname: host) == nil) }
    }

    @Test(
        "kind: what cannot work is not offered: a keytab that is missing, damaged, closed or another host's is seen before a client tries it"
    )
    func keytabs() throws {
        try TestLibrary.start()
        let host = try domain("mail.a.example")
        func file(_ name: String, _ octets: [UInt8]) throws -> String {
            let file = TestLibrary.folder.appendingPathComponent(name)
            try Data(octets).write(to: file)
            return file.path
        }
        func entry(_ service: String, _ host: String) -> [UInt8] {
            func counted(_ text: String) -> [UInt8] { [0, UInt8(text.utf8.count)] + Array(text.utf8) }
            let entry: [UInt8] =
                [0, 2] + counted("A.EXAMPLE") + counted(service) + counted(host) + [0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 18, 0, 32]
                + [UInt8](repeating: 7, count: 32)
            return [0, 0, 0, UInt8(entry.count)] + entry
        }
        let header: [UInt8] = [5, 2]
        let good = try file("good.keytab", header + entry("host", "mail.a.example") + entry("smtp", "MAIL.a.example"))
        #expect(Keytab.objection(to: good, hostname: host) == nil)
        let others = try file("others.keytab", header + entry("smtp", "other.a.example") + entry("imap", "mail.a.example"))
        #expect(Keytab.objection(to: others, hostname: host) == "keytab \(others) has no key of smtp/mail.a.example")
        #expect(Keytab.objection(to: TestLibrary.folder.path + "/none", hostname: host)?.contains("not found") == true)
        for octets in [[], [5], [1, 2, 3], header, header + [0, 0, 0, 200, 1], header + [127, 255, 255, 255]] as [[UInt8]] {
            #expect(Keytab.objection(to: try file("bad.keytab", octets), hostname: host) != nil, "\(octets)")
        }
        #expect(Keytab.objection(to: TestLibrary.folder.path, hostname: host) != nil)
    }
}
