import CoreLink
import MailVocabulary
import MessageFormat
import NIOCore
import SMTPProtocol
import TransportSecurity

/// What all sessions of one listener on one event loop share. Confined to that loop.
public final class SMTPServerContext {
    /// The name in the configuration.
    public let virtualServer: String
    /// E12: in banner, EHLO and trace fields.
    public let hostname: DomainName
    public let settings: SMTPServerSettings
    /// S02.
    public let idleTimeout: TimeAmount
    /// E10.
    public let maximumHops: Int
    /// Whether what comes in is submitted by its authors' programs (RFC 6409), and what the trace field says of them; nil: it is relayed.
    public let submission: Submission?
    /// What TLS shows and takes; nil where there is none.
    public let transport: CurrentServerContext?
    let pool: any SubmitPool
    private let notes: RefusalNotes
    /// The way to `postern-auth`; nil where nobody can log in.
    let logins: LoginExchanges?
    let openTransactions: OpenTransactions
    let note: (Event) -> Void

    public struct Submission: Sendable {
        public let hidesClientAddress: Bool

        public init(hidesClientAddress: Bool) { self.hidesClientAddress = hidesClientAddress }
    }

    /// What an operator may want to know of sessions that never reach the core's logs.
    public enum Event {
        /// Its content had begun, and it was not handed over.
        case givenUp(LoggedEnvelope, IPAddress, String)
        /// TLS stands.
        case secured(TLSHandshake, IPAddress)
        /// TLS did not come about, or broke.
        case tlsFailed(String, IPAddress)
        /// Octets in clear that came behind `STARTTLS`.
        case plaintextDropped(octets: Int, IPAddress)
        /// By the front end itself: what the core and `postern-auth` refuse is in their logs.
        case refused(LoggedRefusal)
    }

    public init(
        virtualServer: String, hostname: DomainName, settings: SMTPServerSettings, idleTimeout: TimeAmount, maximumHops: Int,
        submission: Submission? = nil, transport: CurrentServerContext? = nil, pool: any SubmitPool, notes: RefusalNotes,
        openTransactions: OpenTransactions, logins: LoginExchanges? = nil, note: @escaping (Event) -> Void
    ) {
        (self.virtualServer, self.hostname, self.settings) = (virtualServer, hostname, settings)
        (self.idleTimeout, self.maximumHops, self.submission) = (idleTimeout, maximumHops, submission)
        (self.transport, self.pool, self.notes, self.logins, self.note) = (transport, pool, notes, logins, note)
        self.openTransactions = openTransactions
    }

    /// Logs a refusal.
    func refused(_ reply: Reply, by rule: SessionRule?, _ client: ClientFacts, _ envelope: LoggedEnvelope) {
        let code = rule.flatMap { settings.refusalCodes[$0] }
        note(.refused(LoggedRefusal(reply: reply, code: code, client: client.address, envelope: envelope)))
    }

    /// Tells the core of a refusal by a rule, for `postern explain refusal`.
    func tellCore(_ reply: Reply, by rule: SessionRule, _ client: ClientFacts, helo: String?, from reversePath: ReversePath?) {
        notes.note(
            SessionRefusal(
                rule: rule,
                facts: SessionFacts(
                    virtualServer: virtualServer, clientAddress: client.address, confirmedHostName: client.reverseLookup.confirmedName,
                    helo: helo),
                reversePath: reversePath, reply: reply))
    }
}

/// What is known of a client before it has said anything.
public struct ClientFacts: Sendable {
    public let address: IPAddress
    public let reverseLookup: ReverseLookup

    public init(address: IPAddress, reverseLookup: ReverseLookup) { (self.address, self.reverseLookup) = (address, reverseLookup) }
}
