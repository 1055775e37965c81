import MailVocabulary

/// Why a connection never became ready for a transaction.
public enum SessionFailure: Error, Hashable, Sendable {
    /// The banner was `4yz` or `5yz` (RFC 5321 §3.1).
    case bannerRefused(Reply)
    /// `EHLO` (and `HELO`, where it was tried), or `LHLO`, was refused.
    case helloRefused(Reply)
    /// The connection went away.
    case closed(WaitPhase)
    case timedOut(WaitPhase)
    /// What arrived is no reply; quoted, printable, cut.
    case invalidReply(WaitPhase, String)

    /// At which stage: `banner` or `hello`.
    public var phase: WaitPhase {
        switch self {
        case .bannerRefused: .banner
        case .helloRefused: .hello
        case .closed(let phase), .timedOut(let phase), .invalidReply(let phase, _): phase
        }
    }

    /// The last word for every recipient that waited for this connection: the remote server's, or our own (`4yz`).
    public var reply: Reply {
        switch self {
        case .bannerRefused(let reply), .helloRefused(let reply): reply
        case .closed(let phase): Reply(451, "4.4.2", "connection lost while waiting for \(phase)")
        case .timedOut(let phase): Reply(451, "4.4.2", "timed out while waiting for \(phase)")
        case .invalidReply(let phase, let text): Reply(451, "4.5.0", "invalid answer while waiting for \(phase): \"\(text)\"")
        }
    }
}
