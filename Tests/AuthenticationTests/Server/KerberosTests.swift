import MailVocabulary
import Testing

@testable import Authentication

@Suite("Kerberos", .enabled(if: KerberosRealm.isInstalled, Comment(rawValue: KerberosRealm.missing)), .serialized)
struct KerberosTests {
    private let realm: KerberosRealm

    init() throws { realm = try KerberosRealm.shared.get() }

    @Test("a ticket of our realm is the account of that name", arguments: [SASLMechanism.gssapi, .gs2Kerberos])
    func ticket(mechanism: SASLMechanism) throws {
        let server = try TestServer()
        let logIn = try server.logIn(mechanism, .kerberos(cache: realm.cache(of: "anna")))
        #expect(logIn.answer == .succeeded(AuthenticatedIdentity(loginName: "anna@a.example", account: nil, mechanism: mechanism)))
        #expect(logIn.client == nil)
        #expect(server.derivations.count == 0)
    }

    @Test("without an initial response, the same")
    func withoutInitialResponse() throws {
        let logIn = try TestServer().logIn(.gssapi, .kerberos(cache: realm.cache(of: "anna")), withInitialResponse: false)
        #expect(logIn.challenges.first == [] && logIn.identity != nil)
    }

    @Test("a principal with an instance is no account", arguments: [SASLMechanism.gssapi, .gs2Kerberos])
    func instance(mechanism: SASLMechanism) throws {
        let logIn = try TestServer().logIn(mechanism, .kerberos(cache: realm.cache(of: "anna/admin")))
        #expect(logIn.failure == .principalNotOurs("anna/admin@A.EXAMPLE"))
        #expect(logIn.failure?.reply.code == 535)
    }

    @Test("a realm that is none of our domains is refused, this machine's own among them", arguments: [SASLMechanism.gssapi, .gs2Kerberos])
    func foreign(mechanism: SASLMechanism) throws {
        let forms = LoginNameForms(defaultDomain: try domain("b.example"), domains: [try domain("b.example")])
        let logIn = try TestServer(forms: forms).logIn(mechanism, .kerberos(cache: realm.cache(of: "anna")))
        #expect(logIn.failure == .principalNotOurs("anna@A.EXAMPLE"))
    }

    @Test("without a ticket our client says so, and another mechanism may be tried")
    func noTicket() throws {
        let exchange = SASLClientExchange(
            mechanism: .gssapi, credential: .kerberos(cache: "FILE:/nonexistent/cache"), hostname: try domain("mail.a.example"))
        guard case .failed(.mechanismNotAvailable) = exchange.start() else {
            Issue.record("started")
            return
        }
    }

    @Test("a ticket for another server is refused")
    func otherServer() throws {
        let theirs = SASLClientExchange(
            mechanism: .gssapi, credential: .kerberos(cache: try realm.cache(of: "anna")), hostname: try domain("other.a.example"))
        guard case .response(let initial) = theirs.start() else {
            Issue.record("no ticket")
            return
        }
        guard case .failed(let failure) = try TestServer().exchange(.gssapi).begin(initial) else {
            Issue.record("taken")
            return
        }
        #expect(failure.reply.code == 535 || failure.reply.code == 454, "\(failure)")
    }
}
