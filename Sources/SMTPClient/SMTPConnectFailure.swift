import MailVocabulary
import SMTPProtocol

/// Why there is no connection to deliver on, by stage (S31).
public enum SMTPConnectFailure: Error, Hashable, Sendable {
    /// Nobody listens there.
    case refused
    case timedOut
    /// No route, no such socket, reset at once: what the system said.
    case unreachable(String)
    /// Our side's failure: the source address is not ours, no descriptors left.
    case local(String)
    /// TCP stood; banner, `EHLO`, TLS or the login failed.
    case session(SessionFailure)

    /// Whether TLS is what failed, and another connection without it may be tried where the settings allow it.
    public var isOfTransportSecurity: Bool {
        if case .session(let failure) = self { failure.isOfTransportSecurity } else { false }
    }

    /// Whether the login is what failed: nobody but the administrator can mend it.
    public var isOfLogin: Bool {
        switch self {
        case .session(.authenticationFailed), .session(.authenticationAbandoned), .session(.authenticationNotOffered),
            .session(.authenticationNeedsTLS):
            true
        default: false
        }
    }

    /// What the host itself said in refusing the connection; nil where the failure is in our own words.
    public var wordsOfHost: Reply? {
        switch self {
        case .session(.bannerRefused(let reply)), .session(.helloRefused(let reply)), .session(.securedHelloRefused(let reply)): reply
        default: nil
        }
    }

    /// The last word for every recipient that waited for this connection.
    public var reply: Reply {
        switch self {
        case .refused: Reply(451, "4.4.1", "connection refused")
        case .timedOut: Reply(451, "4.4.1", "connection timed out")
        case .unreachable(let text): Reply(451, "4.4.1", "cannot connect: \(text)")
        case .local(let text): Reply(451, "4.3.0", "cannot connect: \(text)")
        case .session(let failure): failure.reply
        }
    }
}
