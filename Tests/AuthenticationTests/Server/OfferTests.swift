import Credentials
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
}
