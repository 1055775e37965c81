import CoreLink
import MailVocabulary
import MessageFormat
import NIOCore
import SMTPProtocol

/// What all sessions of one virtual server share. Confined to its event loop.
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
    let pool: any SubmitPool
    let note: (Event) -> Void

    /// What an operator may want to know of messages that never reach the core's logs.
    public enum Event {
        /// Its content had begun, and it was not handed over.
        case givenUp(QueueID?, IPAddress, String)
    }

    public init(
        virtualServer: String, hostname: DomainName, settings: SMTPServerSettings, idleTimeout: TimeAmount, maximumHops: Int,
        pool: any SubmitPool, note: @escaping (Event) -> Void
    ) {
        self.note = note
        (self.virtualServer, self.hostname, self.settings) = (virtualServer, hostname, settings)
        (self.idleTimeout, self.maximumHops, self.pool) = (idleTimeout, maximumHops, pool)
    }
}

/// What is known of a client before it has said anything.
public struct ClientFacts: Sendable {
    public let address: IPAddress
    public let reverseLookup: ReverseLookup

    public init(address: IPAddress, reverseLookup: ReverseLookup) { (self.address, self.reverseLookup) = (address, reverseLookup) }
}
