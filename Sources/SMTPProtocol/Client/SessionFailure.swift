import MailVocabulary

/// Why a connection never became ready for a transaction.
public enum SessionFailure: Error, Hashable, Sendable {
    /// The banner was `4yz` or `5yz` (RFC 5321 §3.1).
    case bannerRefused(Reply)
    /// `EHLO` (and `HELO`, where it was tried), or `LHLO`, was refused.
    case helloRefused(Reply)
    /// It was refused over TLS that had just come to stand: nothing of the kind was said in clear.
    case securedHelloRefused(Reply)
    /// TLS must be (`required`, `verified`), and the server does not offer it.
    case transportSecurityNotOffered
    /// It refused STARTTLS.
    case startTLSRefused(Reply)
    /// The handshake failed, in a person's words.
    case handshakeFailed(String)
    /// Behind the reply to STARTTLS there was something in clear: whoever wrote it wanted it to be taken for the server's word.
    case plaintextInjected
    /// A login is due, and the settings do not allow it in clear.
    case authenticationNeedsTLS
    /// A login is due, and the server does not offer it.
    case authenticationNotOffered
    /// The server refused the login.
    case authenticationFailed(Reply)
    /// Our own side could not go on with it.
    case authenticationAbandoned(String)
    /// The connection went away.
    case closed(WaitPhase)
    case timedOut(WaitPhase)
    /// Everything together took too long, though each reply came in time; where it stood then.
    case tookTooLong(WaitPhase)
    /// What arrived is no reply; quoted, printable, cut.
    case invalidReply(WaitPhase, String)

    /// Whether TLS is what failed, from `STARTTLS` to the first reply under its protection: a server may refuse a handshake that stands,
    /// say by asking for a certificate in TLS 1.3. Where it is wanted `opportunistic`ally, a new connection with `none` may be tried at
    /// once; not where someone meddled with this one.
    public var isOfTransportSecurity: Bool {
        self != .plaintextInjected && (phase == .startTLS || phase == .handshake || phase == .securedHello)
    }

    /// At which stage: from `banner` to `authentication`.
    public var phase: WaitPhase {
        switch self {
        case .bannerRefused: .banner
        case .helloRefused: .hello
        case .securedHelloRefused: .securedHello
        case .transportSecurityNotOffered, .startTLSRefused, .plaintextInjected: .startTLS
        case .handshakeFailed: .handshake
        case .authenticationNeedsTLS, .authenticationNotOffered, .authenticationFailed, .authenticationAbandoned: .authentication
        case .closed(let phase), .timedOut(let phase), .tookTooLong(let phase), .invalidReply(let phase, _): phase
        }
    }

    /// The last word for every recipient that waited for this connection: the remote server's, or our own (`4yz`).
    public var reply: Reply {
        switch self {
        case .bannerRefused(let reply), .helloRefused(let reply), .securedHelloRefused(let reply): reply
        case .transportSecurityNotOffered: Reply(454, "4.7.4", "TLS is required, and the remote host does not offer STARTTLS")
        case .startTLSRefused(let reply): Reply(454, "4.7.4", "no TLS, since the remote host refused STARTTLS: \(reply)")
        case .handshakeFailed(let why): Reply(454, "4.7.5", "the TLS handshake failed: \(why)")
        case .plaintextInjected:
            Reply(454, "4.7.5", "the remote host, or someone on the way, sent more in clear behind its reply to STARTTLS")
        case .authenticationNeedsTLS:
            Reply(454, "4.7.4", "the login to the remote host must not go in clear, and the connection has no TLS")
        case .authenticationNotOffered: Reply(454, "4.7.4", "a login is required, and the remote host does not offer AUTH")
        // Temporary, whatever it was to the server: what is wrong is our configuration, and not the message.
        case .authenticationFailed(let reply): Reply(454, "4.7.8", "the remote host refused the login: \(reply)")
        case .authenticationAbandoned(let why): Reply(454, "4.7.8", "the login to the remote host was given up: \(why)")
        case .closed(let phase): Reply(451, "4.4.2", "connection lost while waiting for \(phase)")
        case .timedOut(let phase): Reply(451, "4.4.2", "timed out while waiting for \(phase)")
        case .tookTooLong(let phase):
            Reply(451, "4.4.2", "the remote host took too long in all, and was given up while waiting for \(phase)")
        case .invalidReply(let phase, let text): Reply(451, "4.5.0", "invalid answer while waiting for \(phase): \"\(text)\"")
        }
    }
}
