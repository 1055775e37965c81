/// What a client waits for; each has its own time limit (RFC 5321 §4.5.3.2).
public enum WaitPhase: Hashable, Sendable {
    /// The `220` of a new connection.
    case banner
    /// The reply to `EHLO`, `HELO` or `LHLO`.
    case hello
    /// The first reply over TLS, to `EHLO` or `LHLO`: only now is the handshake known to suit the server.
    case securedHello
    /// The reply to `STARTTLS`.
    case startTLS
    /// TLS to stand.
    case handshake
    /// The reply to `AUTH` or to a response of its exchange, or our own next one.
    case authentication
    /// The reply to `MAIL`, or to the `RSET` before it.
    case mail
    /// The reply to one `RCPT`.
    case recipient
    /// The `354` to `DATA`.
    case dataInitiation
    /// A block of content to be taken by the connection.
    case contentBlock
    /// The reply to the end of the content.
    case contentEnd
    /// Nothing: between two transactions.
    case idle
    /// The reply to `QUIT`.
    case quit
}

extension WaitPhase: CustomStringConvertible {
    /// As in "connection lost while waiting for …".
    public var description: String {
        switch self {
        case .banner: "the banner"
        case .hello: "the reply to EHLO"
        case .securedHello: "the reply to EHLO over TLS"
        case .startTLS: "the reply to STARTTLS"
        case .handshake: "the TLS handshake"
        case .authentication: "the reply to AUTH"
        case .mail: "the reply to MAIL"
        case .recipient: "the reply to RCPT"
        case .dataInitiation: "the reply to DATA"
        case .contentBlock: "the content to be taken"
        case .contentEnd: "the reply to the end of the content"
        case .idle: "the next transaction"
        case .quit: "the reply to QUIT"
        }
    }
}
