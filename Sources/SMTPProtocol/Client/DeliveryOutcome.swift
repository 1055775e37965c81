import MailVocabulary

/// What became of one recipient in one transaction with a remote server.
public enum DeliveryOutcome: Hashable, Sendable {
    /// The remote server has taken responsibility (RFC 5321 §4.2.5).
    case delivered(Reply)
    /// Try again by the retry schedule: the remote server said so (4yz), or was lost in a way that another connection will not mend.
    case transientFailure(Reply)
    /// Give up and report: the remote server said so of the message or the recipient (5yz).
    case permanentFailure(Reply)
    /// This server does not have what the message needs: it does not offer an extension, takes nothing as large, or said as much (5yz).
    /// That is a property of the server and no verdict on the message: another host of the same next hop may have it. Nothing of the
    /// message was sent.
    case lacking(Reply)
    /// Nothing was taken for this recipient and nothing was said against it: another transaction may try at once, at the place named.
    /// Whoever does not want to, or has tried often enough (the caller bounds it), treats it as a transient failure.
    case retryAtOnce(Reply, RetryPlace)
    /// All content and its end were sent, and no reply arrived: the remote server may have taken the message. A transient failure whose
    /// next attempt may double the message: SMTP's own window (RFC 1047).
    case undetermined(Reply)

    /// Where to try again at once.
    public enum RetryPlace: Hashable, Sendable {
        /// This connection will do, in its next transaction: the recipient was one too many (RFC 5321 §4.5.3.1.10).
        case sameConnection
        /// This connection is lost or used up.
        case anotherConnection
    }

    /// The last word on the recipient: the remote server's, or our own.
    public var reply: Reply {
        switch self {
        case .delivered(let reply), .transientFailure(let reply), .permanentFailure(let reply), .lacking(let reply),
            .retryAtOnce(let reply, _), .undetermined(let reply):
            reply
        }
    }

    public var isDelivered: Bool {
        if case .delivered = self { true } else { false }
    }
}
