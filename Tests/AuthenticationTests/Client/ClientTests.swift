import MailVocabulary
import Testing

@testable import Authentication

@Suite("Which mechanism to log in with")
struct MechanismChoiceTests {
    private let password = ClientCredential.password(user: "u", password: [0x70])

    @Test("the best that both sides have, and none in the clear without encryption")
    func table() throws {
        let any = MechanismChoice()
        let cases: [(MechanismChoice, [String], Bool, [SASLMechanism])] = [
            (any, ["LOGIN", "PLAIN", "SCRAM-SHA-256"], true, [.scramSHA256, .plain, .login]),
            (any, ["login", "plain", "scram-sha-256", "X-OTHER"], false, [.scramSHA256]),
            (any, ["LOGIN"], true, [.login]),
            (any, ["GSSAPI", "PLAIN"], true, [.plain]),
            (MechanismChoice(allowsCleartextWithoutEncryption: true), ["LOGIN", "PLAIN"], false, [.plain, .login]),
            (MechanismChoice(allowed: [.plain]), ["LOGIN", "PLAIN", "SCRAM-SHA-256"], true, [.plain]),
        ]
        for (choice, offered, isEncrypted, expected) in cases {
            #expect(try choice.mechanisms(offered: offered, credential: password, isEncrypted: isEncrypted) == expected, "\(offered)")
        }
        #expect(try any.mechanisms(offered: ["PLAIN", "GSSAPI"], credential: .kerberos(cache: nil), isEncrypted: false) == [.gssapi])
    }

    @Test("otherwise the reason")
    func refused() {
        let choice = MechanismChoice()
        #expect(throws: MechanismChoice.Refusal.encryptionRequired) {
            try choice.mechanisms(offered: ["PLAIN", "LOGIN"], credential: password, isEncrypted: false)
        }
        for offered in [[], ["CRAM-MD5"], ["GSSAPI"]] {
            #expect(throws: MechanismChoice.Refusal.nothingInCommon(offered: offered)) {
                try choice.mechanisms(offered: offered, credential: password, isEncrypted: true)
            }
        }
    }

    @Test("a credential never shows its password")
    func description() { #expect("\(password)" == "password of u" && String(reflecting: password) == "password of u") }
}

@Suite("Logging in at another server")
struct ClientTests {
    private func exchange(_ mechanism: SASLMechanism) throws -> SASLClientExchange {
        try TestLibrary.start()
        return SASLClientExchange(
            mechanism: mechanism, credential: .password(user: "tim", password: Array("tanstaaftanstaaf".utf8)),
            hostname: try domain("smarthost.example"))
    }

    private func text(_ answer: SASLClientAnswer) -> String? {
        if case .response(let octets?) = answer { String(decoding: octets, as: UTF8.self) } else { nil }
    }

    @Test("PLAIN says what RFC 4616 §4 shows")
    func plain() throws {
        let exchange = try exchange(.plain)
        #expect(text(exchange.start()) == "\0tim\0tanstaaftanstaaf")
        #expect(exchange.finish() == nil)
    }

    @Test("LOGIN answers both questions")
    func login() throws {
        let exchange = try exchange(.login)
        #expect(exchange.start() == .response(nil))
        #expect(text(exchange.step(Array("Username:".utf8))) == "tim")
        #expect(exchange.finish() == .serverNotProven)
        #expect(text(exchange.step(Array("Password:".utf8))) == "tanstaaftanstaaf")
        #expect(exchange.finish() == nil)
    }

    @Test("a server that accepts SCRAM without having proven itself is not believed")
    func notProven() throws {
        let exchange = try exchange(.scramSHA256)
        let first = try #require(text(exchange.start()))
        #expect(first.hasPrefix("n,,n=tim,r=") || first.hasPrefix("y,,n=tim,r="))
        #expect(exchange.finish() == .serverNotProven)
        let nonce = first.drop { $0 != "r" }
        #expect(text(exchange.step(Array("\(nonce)x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".utf8)))?.contains(",p=") == true)
        #expect(exchange.finish() == .serverNotProven)
        guard case .failed(.badServer) = exchange.step(Array("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8)) else {
            Issue.record("a wrong signature was taken")
            return
        }
        #expect(exchange.finish() == .serverNotProven)
    }

    @Test(
        "a server that speaks nonsense fails soon",
        arguments: [
            "", "x", "r=abc,s=QUJD,i=4096", "e=other-error", "r=NONCE,s=QUJD,i=4294967295", "r=NONCE,s=QUJD,i=0", "r=NONCE,s=,i=4096",
        ])
    func nonsense(challenge: String) throws {
        let exchange = try exchange(.scramSHA256)
        let first = try #require(text(exchange.start()))
        let nonce = String(first.drop { $0 != "r" }.dropFirst(2)) + "x"
        let began = ContinuousClock.now
        guard case .failed(let failure) = exchange.step(Array(challenge.replacing("NONCE", with: nonce).utf8)) else {
            Issue.record("\(challenge) was taken")
            return
        }
        #expect(!failure.description.isEmpty)
        #expect(exchange.finish() == .serverNotProven)
        #expect(ContinuousClock.now - began < .seconds(20))
    }

    @Test("a message over the limit, and a server that never ends")
    func bounds() throws {
        let long = [UInt8](repeating: 0x61, count: SASLClientExchange.maximumMessageOctets + 1)
        let first = try exchange(.login)
        _ = first.start()
        #expect(first.step(long) == .failed(.tooMuch))
        let second = try exchange(.plain)
        _ = second.start()
        for _ in 0..<SASLClientExchange.maximumSteps { #expect(second.step([]) == .response([])) }
        #expect(second.step([]) == .failed(.tooMuch))
    }
}
