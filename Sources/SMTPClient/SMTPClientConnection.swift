import MailVocabulary
import NIOCore
import NIOPosix
import SMTPProtocol

/// One connection to a remote server, ready for one transaction after another, confined to its event loop.
///
/// Every method and property is used on `eventLoop` only.
///
/// `@unchecked Sendable`: the reference may travel, but everything mutable behind it is in the handler, whose every entry checks that
/// it runs on the event loop.
public final class SMTPClientConnection: @unchecked Sendable {
    public let eventLoop: any EventLoop
    public let endpoint: SMTPClientEndpoint
    /// Completes when the socket is closed, in whatever way.
    public var closeFuture: EventLoopFuture<Void> { channel.closeFuture }

    private let channel: any Channel
    private let handler: SMTPClientHandler

    init(channel: any Channel, handler: SMTPClientHandler, endpoint: SMTPClientEndpoint) {
        (eventLoop, self.endpoint, self.channel, self.handler) = (channel.eventLoop, endpoint, channel, handler)
    }

    /// Connects, takes banner and `EHLO` (or `HELO`, `LHLO`), and does what the settings say of TLS and login.
    ///
    /// - Returns: a future of `eventLoop`, failing with `SMTPConnectFailure` only; the socket is closed then.
    public static func connect(
        to endpoint: SMTPClientEndpoint, from source: SourceAddresses = .any, settings: SMTPClientSettings, on eventLoop: any EventLoop
    ) -> EventLoopFuture<SMTPClientConnection> {
        SMTPConnector(endpoint: endpoint, source: source, settings: settings, eventLoop: eventLoop).open().connected.flatMap { connection in
            connection.ready.map { connection }
        }
    }

    /// Completes when the dialogue has come to where a transaction may begin; fails with `SMTPConnectFailure`.
    var ready: EventLoopFuture<Void> { handler.ready }

    /// What the remote server announced.
    public var extensions: RemoteExtensions { handler.session.extensions }
    /// Whether `EHLO` was refused and `HELO` taken: what the server can do is not known then.
    public var isHelloRefused: Bool { handler.session.isHelloRefused }
    /// What protects the connection; nil in clear.
    public var security: ConnectionSecurity? { handler.security }
    /// Transactions so far.
    public var transactionCount: Int { handler.session.transactionCount }
    /// Whether `deliver` may be called now. A connection that is not reusable closes itself.
    public var isReusable: Bool { handler.isReusable }

    /// Delivers one message to its recipients.
    ///
    /// - Precondition: no other delivery is under way.
    /// - Returns: always a result, never an error: on a connection that has gone meanwhile every recipient is `retryAtOnce`.
    public func deliver(_ message: OutgoingMessage, content: OutgoingContent) -> EventLoopFuture<DeliveryResult> {
        handler.deliver(message, content: content)
    }

    /// Says QUIT, after the delivery under way if there is one, and closes without waiting for the answer: it says nothing, and a server
    /// that is slow with it would have more connections of ours than it should (S05). `closeFuture` says when.
    public func quit() { handler.quit() }

    /// Ends the connection now; a delivery under way gets its result as if the remote server had closed.
    public func close() { handler.closeNow() }
}
