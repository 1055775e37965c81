import Credentials
import MailVocabulary
import Testing

@testable import Authentication

@Suite("Proven passwords and separate derivation", .serialized)
struct ProvenPasswordTests {
    @Test(
        "a password that was proven is not derived again, over PLAIN and LOGIN and every spelling of the name; a wrong one always is",
        arguments: [true, false])
    func provenOnce(separately: Bool) throws {
        let test = try TestServer(proven: try ProvenPasswords(), derivesSeparately: separately)
        func derivations(_ mechanism: SASLMechanism, _ user: String, _ password: String = "pencil", isRight: Bool = true) throws -> Int {
            let before = test.derivations.count
            let logIn = try test.logIn(mechanism, user, password)
            #expect((logIn.identity != nil) == isRight, "\(user) \(logIn.answer)")
            return test.derivations.count - before
        }
        #expect(try derivations(.plain, "anna@a.example") == 1)
        for (mechanism, user) in [(SASLMechanism.plain, "anna@a.example"), (.login, "ANNA"), (.plain, "A\\anna")] {
            #expect(try derivations(mechanism, user) == 0, "\(user)")
        }
        for _ in 0..<2 { #expect(try derivations(.plain, "anna@a.example", "wrong", isRight: false) == 1) }
        // Another account with the same password, a name that nobody has, one that has expired, and one without a password.
        #expect(try derivations(.plain, "bert@a.example") == 1)
        for user in ["nobody@a.example", "carl@a.example", "dora@a.example"] {
            for _ in 0..<2 { #expect(try derivations(.plain, user, isRight: false) == 1, "\(user)") }
        }
        // Another password of the same account.
        #expect(try derivations(.plain, "phone", "crayon") == 1)
        #expect(try derivations(.plain, "phone", "pencil", isRight: false) == 1)
    }

    @Test("a password that was changed, or removed, is not taken any more, and the next one is proven anew")
    func changed() throws {
        let test = try TestServer(proven: try ProvenPasswords(), derivesSeparately: true)
        #expect(try test.logIn(.plain, "anna@a.example").identity != nil)
        let anna = try address("anna@a.example")
        func store(_ password: String?) throws {
            let verifier = try password.map { try SCRAMVerifier(password: PreparedPassword($0), iterations: 4096) }
            test.source.add(StoredCredential(loginName: "anna@a.example", account: anna, verifier: verifier))
        }
        try store("eraser")
        #expect(try test.logIn(.plain, "anna@a.example").failure == .wrongCredentials)
        #expect(try test.logIn(.plain, "anna@a.example", "eraser").identity != nil)
        try store(nil)
        #expect(try test.logIn(.plain, "anna@a.example", "eraser").identity == nil)
        // The same password again, with another salt.
        try store("pencil")
        let before = test.derivations.count
        #expect(try test.logIn(.plain, "anna@a.example").identity != nil)
        #expect(test.derivations.count == before + 1)
    }

    @Test("separate derivation changes no answer: right, wrong, unknown, acting as somebody else")
    func sameAnswers() throws {
        let (together, apart) = (try TestServer(), try TestServer(derivesSeparately: true))
        for mechanism in [SASLMechanism.plain, .login] {
            for withInitialResponse in [true, false] {
                for (user, password) in [
                    ("anna", "pencil"), ("anna", "x"), ("nobody", "pencil"), ("carl", "pencil"), ("dora", "pencil"), ("hunter2 2", "x"),
                ] {
                    let (one, other) = (
                        try together.logIn(mechanism, user, password, withInitialResponse: withInitialResponse),
                        try apart.logIn(mechanism, user, password, withInitialResponse: withInitialResponse)
                    )
                    #expect(one.answer == other.answer, "\(mechanism) \(user)")
                }
            }
        }
        let exchange = try apart.exchange(.plain)
        #expect(exchange.begin(Array("bert\0anna\0pencil".utf8)) == .needsDerivation)
        guard case .failed(.authorizationNotPermitted) = exchange.derive() else {
            Issue.record("anna acts as bert")
            return
        }
        guard case .failed = exchange.derive() else {
            Issue.record("a derivation that nobody asked for")
            return
        }
    }

    @Test("a name is logged where somebody has it or it is an address, and what may be a password is not")
    func loggedNames() throws {
        let test = try TestServer()
        for (typed, logged) in [
            ("anna", "anna@a.example"), ("nobody@a.example", "nobody@a.example"), ("hunter2", "(withheld)"),
            ("correct horse", "(withheld)"), ("X\\y", "(withheld)"),
        ] {
            let exchange = try test.exchange(.plain)
            _ = exchange.begin(Array("\0\(typed)\0wrong".utf8))
            #expect(exchange.loggedName == logged)
        }
    }
}
