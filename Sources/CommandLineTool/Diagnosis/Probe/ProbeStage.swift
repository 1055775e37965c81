import MailVocabulary

/// A step of a probe, how long it took, and what came of it.
struct ProbeStage: Hashable, Sendable {
    /// In the order of a session.
    enum Kind: String, Hashable, Sendable {
        case connect
        case banner
        case hello = "EHLO"
        case startTLS = "STARTTLS"
        case tls = "TLS"
        case helloAgain = "EHLO again"
        case mail = "MAIL"
        case recipient = "RCPT"
    }

    enum Outcome: Hashable, Sendable {
        case passed
        /// The server said no, for now or for good.
        case answered(Reply)
        /// No reply that could be taken.
        case failed(ProbeFailure)
    }

    let kind: Kind
    let duration: Duration
    let outcome: Outcome
    /// What was found out, a line each; from the server, made printable.
    let notes: [String]
    /// It failed, and delivery goes on without it: TLS that is welcome and no condition.
    var isTolerated = false

    var isPassed: Bool { outcome == .passed || isTolerated }
}

/// Why a stage came to no reply.
enum ProbeFailure: Error, Hashable, Sendable {
    case refused
    /// Nothing came in this time.
    case silent(after: Duration)
    /// The system's words: no route, reset.
    case unreachable(String)
    /// The server ended the connection.
    case closed
    /// Not SMTP; the beginning of what came.
    case malformed(String)
    /// The handshake, in OpenSSL's words.
    case tls(String)
    /// The connector asks for TLS, and the server offers none.
    case notOffered
    /// The connector asks for a verified certificate, and this is none.
    case notVerified(String)
    /// The time of the whole probe was over.
    case outOfTime

    /// To stand behind the name of a host.
    var words: String {
        switch self {
        case .refused: "refused the connection: nobody listens there"
        case .silent(let limit): "said nothing for \(limit.components.seconds) s"
        case .unreachable(let reason): "cannot be reached: \(reason)"
        case .closed: "ended the connection without a reply"
        case .malformed(let text): "answered something that is not SMTP: \(text)"
        case .tls(let reason): "could not agree on TLS: \(reason)"
        case .notOffered: "offers no STARTTLS, and the connector wants TLS"
        case .notVerified(let reason): "has a certificate that the connector does not take: \(reason)"
        case .outOfTime: "was not asked any more: the time of the probe was over"
        }
    }
}
