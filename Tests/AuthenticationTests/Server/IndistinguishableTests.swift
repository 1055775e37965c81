import Credentials
import MailVocabulary
import Testing

@testable import Authentication

@Suite("An unknown name looks like a wrong password")
struct IndistinguishableTests {
    static let names = ["anna@a.example", "nobody@a.example", "carl@a.example", "dora@a.example", "NT\\x", "bert"]

    @Test("PLAIN and LOGIN derive one key for every name, and ask the source once", arguments: [SASLMechanism.plain, .login])
    func derivations(mechanism: SASLMechanism) throws {
        for name in Self.names {
            for password in ["wrong", "pencil", "pen\u{7}cil"] {
                let server = try TestServer()
                _ = try server.logIn(mechanism, name, password)
                #expect(server.derivations.count == 1 && server.source.asked.count == 1, "\(name) \(password)")
            }
        }
    }

    @Test(
        "challenge mechanisms ask the source once for every name, and derive nothing",
        arguments: [SASLMechanism.scramSHA256, .cramMD5, .ntlm])
    func questions(mechanism: SASLMechanism) throws {
        for name in Self.names {
            let server = try TestServer()
            _ = try server.logIn(mechanism, name, "wrong")
            #expect(server.derivations.count == 0 && server.source.asked.count == 1, "\(name)")
        }
    }

    @Test("the number and length of challenges are the same for every name", arguments: passwordMechanisms)
    func shapes(mechanism: SASLMechanism) throws {
        let server = try TestServer()
        let lengths = try Set(
            ["anna@a.example", "nino@a.example", "carl@a.example", "dora@a.example", "bert@a.example"].map { name in
                try server.logIn(mechanism, name, "wrong").challenges.map { challenge in
                    // The time in CRAM-MD5's challenge has as many digits as it has, its random number not always.
                    mechanism == .cramMD5 ? 0 : challenge.count
                }
            })
        #expect(lengths.count == 1)
    }

    /// Salt and iteration count that SCRAM shows.
    private func shown(_ server: TestServer, _ name: String) throws -> Substring {
        let exchange = try server.exchange(.scramSHA256)
        guard case .challenge(let challenge) = exchange.begin(Array("n,,n=\(name),r=abcdefgh".utf8)) else { throw NotATestValue() }
        let text = String(decoding: challenge, as: UTF8.self)
        let parts = text.split(separator: ",", maxSplits: 1)
        return parts[1]
    }

    @Test("SCRAM shows an unknown name always the same salt, for every spelling, and another name another one")
    func salts() throws {
        let server = try TestServer()
        #expect(try shown(server, "nobody@a.example") == shown(server, "nobody@a.example"))
        #expect(try shown(server, "nobody") == shown(server, "Nobody@A.example"))
        #expect(try shown(server, "nobody") != shown(server, "somebody"))
        #expect(try shown(server, "nobody").hasSuffix(",i=4096"))
        #expect(try shown(server, "anna").count == shown(server, "nobody").count)
    }

    @Test("the salt of an expired credential is the one it had")
    func expired() throws {
        let server = try TestServer()
        let carl = try #require(try server.source.credential(for: TestServer.forms.read(Array("carl".utf8)))?.verifier)
        #expect(try shown(server, "carl").contains("s=\(Base64.encode(carl.salt)),"))
    }

    @Test("what the library logs has no password", arguments: passwordMechanisms)
    func log(mechanism: SASLMechanism) throws {
        let server = try TestServer()
        _ = try server.logIn(mechanism, "anna", "a-wrong-secret-1")
        #expect(!TestLibrary.log.contains { $0.text.contains("a-wrong-secret-1") })
    }
}
