import Credentials
import MailVocabulary
import Synchronization
import Testing

@testable import Authentication

/// How often a key was derived to check a password.
final class Derivations: Sendable {
    private let counter = Mutex(0)

    var count: Int { counter.withLock { $0 } }
    var matching: PasswordCheck.Matching {
        { verifier, password throws(CryptographyError) in
            self.counter.withLock { $0 += 1 }
            return try PasswordCheck.derive(verifier, password)
        }
    }
}

/// A server with these accounts of a.example, all with the password `pencil`, except as said:
///
/// - `anna`, with a recoverable secret, and with a credential `phone` of its own (password `crayon`)
/// - `bert`, without a recoverable secret
/// - `carl`, whose credential has expired
/// - `dora`, without a password
struct TestServer {
    static let noon = Timestamp(seconds: 1_800_000_000)
    static let forms: LoginNameForms = {
        let ours = DomainName(parsing: "a.example")
        return LoginNameForms(defaultDomain: ours, domains: Set([ours, DomainName(parsing: "b.example")].compactMap { $0 }))
    }()

    let source: TestSource
    let derivations = Derivations()
    let server: SASLServer

    init(
        mechanisms: [SASLMechanism] = SASLMechanism.allCases, basicRequiresEncryption: Bool = true, saslauthd: Saslauthd? = nil,
        hasKey: Bool = true, forms: LoginNameForms = TestServer.forms, iterations: Int = 4096, proven: ProvenPasswords? = nil,
        derivesSeparately: Bool = false
    ) throws {
        try TestLibrary.start()
        let source = TestSource()
        let key = try SecretKey()
        let pencil = try PreparedPassword("pencil")
        func add(_ name: String, account: String? = nil, _ password: PreparedPassword?, recoverable: Bool = true, expired: Bool = false)
            throws
        {
            let account = try address(account ?? name)
            let owner = SealedSecret.Owner(account: account.lookupKey, credential: name)
            source.add(
                StoredCredential(
                    loginName: name, account: account,
                    verifier: try password.map { try SCRAMVerifier(password: $0, iterations: iterations) },
                    recoverableSecret: try password.flatMap { recoverable ? try SealedSecret(sealing: $0, for: owner, with: key) : nil },
                    expiresAt: expired ? Self.noon : nil))
        }
        try add("anna@a.example", pencil)
        try add("phone", account: "anna@a.example", PreparedPassword("crayon"))
        try add("bert@a.example", pencil, recoverable: false)
        try add("carl@a.example", pencil, expired: true)
        try add("dora@a.example", nil)
        self.source = source
        server = SASLServer(
            settings: .init(
                mechanisms: mechanisms, basicRequiresEncryption: basicRequiresEncryption, names: forms,
                decoys: DecoyKeys(secret: Array("a secret of the tests".utf8), iterations: iterations), saslauthd: saslauthd,
                secretKey: hasKey ? key : nil, proven: proven, derivesSeparately: derivesSeparately),
            source: source, now: { Self.noon }, matches: derivations.matching)
    }

    func exchange(_ mechanism: SASLMechanism, encrypted: Bool = true) throws -> SASLServerExchange {
        server.exchange(mechanism, facts: .init(hostname: try domain("mail.a.example"), isEncrypted: encrypted))
    }

    /// One exchange with our own client half, to its end.
    func logIn(_ mechanism: SASLMechanism, _ user: String, _ password: String = "pencil", withInitialResponse: Bool = true) throws -> LogIn
    {
        try logIn(mechanism, .password(user: user, password: Array(password.utf8)), withInitialResponse: withInitialResponse)
    }

    func logIn(_ mechanism: SASLMechanism, _ credential: ClientCredential, withInitialResponse: Bool = true) throws -> LogIn {
        let ours = try exchange(mechanism)
        let theirs = SASLClientExchange(mechanism: mechanism, credential: credential, hostname: try domain("mail.a.example"))
        var challenges: [[UInt8]] = []
        func next(_ answer: SASLClientAnswer) throws -> [UInt8]? {
            switch answer {
            case .response(let octets): return octets
            case .failed(let failure): throw failure
            }
        }
        let initial = try next(theirs.start())
        var answer = ours.begin(withInitialResponse ? initial : nil)
        var held = withInitialResponse ? nil : initial
        dialogue: while true {
            switch answer {
            case .challenge(let challenge):
                challenges.append(challenge)
                let response = try held ?? next(theirs.step(challenge)) ?? []
                held = nil
                answer = ours.step(response)
            case .waitsForOthers: answer = ours.askOthers()
            case .needsDerivation: answer = ours.derive()
            case .succeeded, .failed: break dialogue
            }
        }
        return LogIn(answer: answer, challenges: challenges, client: theirs.finish(), name: ours.loginName)
    }
}

/// What became of a login.
struct LogIn {
    let answer: SASLServerAnswer
    let challenges: [[UInt8]]
    /// What the client says of a `235`.
    let client: SASLClientFailure?
    let name: LoginName?

    var identity: AuthenticatedIdentity? { if case .succeeded(let identity) = answer { identity } else { nil } }
    var failure: AuthenticationFailure? { if case .failed(let failure) = answer { failure } else { nil } }
}
