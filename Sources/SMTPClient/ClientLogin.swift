import NIOCore

/// How a client logs in (RFC 4954): the mechanisms and the secret, which the SMTP dialogue does not know.
///
/// Mechanisms may block; an implementation does its work elsewhere, bounded, and answers on the event loop that it was asked on. The
/// connection's own deadline bounds how long it is waited for.
public protocol ClientLogin: Sendable {
    /// Whether it is begun also where nothing protects the connection.
    var isAllowedInClear: Bool { get }

    /// Begins an exchange.
    ///
    /// - Parameters:
    ///   - mechanisms: those that the server offers, as it writes them.
    ///   - isEncrypted: whether TLS protects the connection.
    /// - Returns: a future of `eventLoop`, failing with `ClientLoginFailure` only.
    func begin(mechanisms: [String], isEncrypted: Bool, on eventLoop: any EventLoop) -> EventLoopFuture<ClientLoginBeginning>
}

/// A mechanism was chosen.
public struct ClientLoginBeginning: Sendable {
    /// One of those offered.
    public let mechanism: String
    /// Not encoded; nil where the mechanism lets the server begin.
    public let initialResponse: [UInt8]?
    public let exchange: any ClientLoginExchange

    public init(mechanism: String, initialResponse: [UInt8]?, exchange: any ClientLoginExchange) {
        (self.mechanism, self.initialResponse, self.exchange) = (mechanism, initialResponse, exchange)
    }
}

/// One exchange, after its beginning.
public protocol ClientLoginExchange: Sendable {
    /// The answer to a challenge, neither of them encoded.
    ///
    /// - Returns: a future of `eventLoop`, failing with `ClientLoginFailure` only.
    func respond(to challenge: [UInt8], on eventLoop: any EventLoop) -> EventLoopFuture<[UInt8]>

    /// The server says that the login is good. Does not block.
    ///
    /// - Returns: why that is not to be believed; nil where it is.
    func objection() -> ClientLoginFailure?
}

/// Why our own side does not go on with a login.
public struct ClientLoginFailure: Error, Hashable, Sendable {
    /// In a person's words, without the secret.
    public let reason: String

    public init(reason: String) { self.reason = reason }
}
