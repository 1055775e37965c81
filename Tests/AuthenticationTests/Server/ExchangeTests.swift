import Credentials
import MailVocabulary
import Testing

@testable import Authentication

/// Those that have a password behind them.
let passwordMechanisms: [SASLMechanism] = [.plain, .login, .scramSHA256, .scramSHA1, .cramMD5, .ntlm]

@Suite("An AUTH exchange")
struct ExchangeTests {
    @Test("the right password succeeds, and both sides say so", arguments: passwordMechanisms)
    func right(mechanism: SASLMechanism) throws {
        let logIn = try TestServer().logIn(mechanism, "anna@a.example")
        #expect(
            logIn.answer
                == .succeeded(
                    AuthenticatedIdentity(loginName: "anna@a.example", account: try address("anna@a.example"), mechanism: mechanism)))
        #expect(logIn.client == nil)
        #expect(logIn.name?.key == "anna@a.example")
    }

    @Test(
        "every form of the name is that account", arguments: passwordMechanisms, ["anna", "Anna@A.example", "A\\anna", "b.example\\bert"])
    func forms(mechanism: SASLMechanism, name: String) throws {
        let logIn = try TestServer().logIn(mechanism, name)
        if name.hasPrefix("b.") {
            #expect(logIn.failure == .unknownAccount)
        } else {
            #expect(logIn.identity?.loginName == "anna@a.example")
        }
    }

    @Test("a credential of its own has its own password, and is the same account", arguments: passwordMechanisms)
    func device(mechanism: SASLMechanism) throws {
        let server = try TestServer()
        let identity = try #require(try server.logIn(mechanism, "phone", "crayon").identity)
        #expect(try identity.account == address("anna@a.example") && identity.loginName == "phone")
        #expect(try server.logIn(mechanism, "phone", "pencil").failure == .wrongCredentials)
        #expect(try server.logIn(mechanism, "anna", "crayon").failure == .wrongCredentials)
    }

    @Test(
        "a wrong password, an unknown name, an expired credential: told apart in the log, and by one reply outside",
        arguments: passwordMechanisms)
    func refused(mechanism: SASLMechanism) throws {
        let server = try TestServer()
        let cases: [(String, AuthenticationFailure)] = [
            ("anna@a.example", .wrongCredentials), ("nobody@a.example", .unknownAccount), ("carl@a.example", .expired),
            ("dora@a.example", .noSecret), ("NT\\anna", .unknownAccount), ("@", .unknownAccount),
            (String(repeating: "x", count: 300), .unknownAccount),
        ]
        for (name, expected) in cases {
            // NTLM's client cuts long names off.
            let password = expected == .wrongCredentials ? "Pencil" : "pencil"
            let logIn = try server.logIn(mechanism, name, password)
            #expect(logIn.failure == expected, "\(name.prefix(20))")
            #expect(logIn.failure?.reply == AuthenticationFailure.wrongCredentials.reply)
        }
    }

    @Test(
        "without a recoverable secret, mechanisms that need it refuse the right password",
        arguments: [SASLMechanism.cramMD5, .ntlm, .scramSHA1])
    func notRecoverable(mechanism: SASLMechanism) throws {
        #expect(try TestServer().logIn(mechanism, "bert").failure == .noSecret)
    }

    @Test("without an initial response the client is asked for it", arguments: [SASLMechanism.plain, .scramSHA256])
    func withoutInitialResponse(mechanism: SASLMechanism) throws {
        let logIn = try TestServer().logIn(mechanism, "anna", withInitialResponse: false)
        #expect(logIn.challenges.first == [])
        #expect(logIn.identity != nil)
    }

    @Test("PLAIN as RFC 4616 §4 shows it, and spelt otherwise")
    func plain() throws {
        let server = try TestServer()
        let cases: [(String, AuthenticationFailure?)] = [
            ("\0anna\0pencil", nil), ("anna\0anna\0pencil", nil), ("anna@a.example\0anna\0pencil", nil), ("A\\anna\0anna\0pencil", nil),
            ("bert\0anna\0pencil", .authorizationNotPermitted("bert@a.example")), ("bert\0anna\0Pencil", .wrongCredentials),
            ("phone\0anna\0pencil", .authorizationNotPermitted("phone")), ("\0\0pencil", .unknownAccount), ("\0anna\0", .wrongCredentials),
            ("\0anna\0pen\u{7}cil", .wrongCredentials),
        ]
        for (message, expected) in cases {
            let answer = try server.exchange(.plain).begin(Array(message.utf8))
            switch answer {
            case .succeeded(let identity): #expect(expected == nil && identity.loginName == "anna@a.example", "\(message)")
            case .failed(let failure):
                switch (failure, expected) {
                case (.authorizationNotPermitted, .authorizationNotPermitted): break
                default: #expect(failure == expected, "\(message)")
                }
            case .challenge, .waitsForOthers, .needsDerivation: Issue.record("a challenge to \(message)")
            }
        }
    }

    @Test("what is no message of the mechanism is malformed", arguments: passwordMechanisms)
    func malformed(mechanism: SASLMechanism) throws {
        let server = try TestServer()
        for message in [
            "", "x", "no,separator", "\0anna", "\0a\0b\0c", "n,,n=,r=", "y", "p=tls-unique,,n=anna,r=abc", "n,,n=anna,r=abc,m=x",
        ] {
            let exchange = try server.exchange(mechanism)
            var answer = exchange.begin(mechanism == .plain || mechanism.rawValue.hasPrefix("SCRAM") ? Array(message.utf8) : nil)
            var rounds = 0
            while case .challenge = answer {
                answer = exchange.step(Array(message.utf8))
                rounds += 1
            }
            guard case .failed(let failure) = answer else {
                Issue.record("\(message) was taken")
                continue
            }
            #expect(rounds <= SASLServerExchange.maximumSteps + 1)
            switch failure {
            case .malformed: break
            // These are messages, of a kind.
            case .unknownAccount where mechanism == .login || mechanism == .cramMD5 || mechanism == .plain: break
            default: Issue.record("\(mechanism.rawValue) \(message.debugDescription): \(failure)")
            }
        }
    }

    @Test("a message over the limit ends the exchange, at the beginning and later")
    func tooLong() throws {
        let server = try TestServer()
        let long = [UInt8](repeating: 0x61, count: SASLServerExchange.maximumMessageOctets + 1)
        #expect(try server.exchange(.plain).begin(long) == .failed(.tooLong))
        let exchange = try server.exchange(.login)
        #expect(exchange.begin(nil) == .challenge(Array("Username:".utf8)))
        #expect(exchange.step(long) == .failed(.tooLong))
        #expect(exchange.step(Array("anna".utf8)) == .failed(.malformed("the exchange is over")))
        #expect(AuthenticationFailure.tooLong.reply.code == 500)
    }

    @Test("LOGIN takes the name with the command, as many clients send it")
    func loginWithName() throws {
        let exchange = try TestServer().exchange(.login)
        #expect(exchange.begin(Array("anna".utf8)) == .challenge(Array("Password:".utf8)))
        guard case .succeeded = exchange.step(Array("pencil".utf8)) else {
            Issue.record("refused")
            return
        }
    }

    @Test("an initial response to a mechanism whose server speaks first is refused (RFC 4954 §4)")
    func serverFirst() throws {
        guard case .failed(.malformed) = try TestServer().exchange(.cramMD5).begin([0x61]) else {
            Issue.record("taken")
            return
        }
    }

    @Test("an exchange begins once")
    func beginsOnce() throws {
        let exchange = try TestServer().exchange(.login)
        _ = exchange.begin(nil)
        #expect(exchange.begin(nil) == .failed(.malformed("the exchange has begun before")))
    }

    @Test(
        "a source that cannot be asked is a temporary failure, of every name", arguments: passwordMechanisms, ["anna", "nobody", "NT\\x"])
    func sourceDown(mechanism: SASLMechanism, name: String) throws {
        let server = try TestServer()
        server.source.fail()
        let failure = try #require(try server.logIn(mechanism, name).failure)
        #expect(failure == .temporary("the core does not answer"))
        #expect(failure.reply.code == 454 && !failure.isGuess)
    }

    @Test("random octets end every exchange without harm", arguments: passwordMechanisms + [.gssapi, .gs2Kerberos])
    func noise(mechanism: SASLMechanism) throws {
        let server = try TestServer()
        var generator = SystemRandomNumberGenerator()
        for round in 0..<(mechanism.method == .integrated && mechanism != .ntlm ? 50 : 300) {
            let exchange = try server.exchange(mechanism)
            func message() -> [UInt8] {
                let length = Int.random(in: 0...(round % 10 == 0 ? 9000 : 60), using: &generator)
                return (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            var answer = exchange.begin(round.isMultiple(of: 2) ? message() : nil)
            while case .challenge = answer { answer = exchange.step(message()) }
            if case .succeeded = answer { Issue.record("let in") }
        }
    }
}
