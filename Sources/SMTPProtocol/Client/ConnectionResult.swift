import MailVocabulary

/// What a transaction left of its connection.
public enum ConnectionResult: Hashable, Sendable {
    /// The next transaction may follow.
    case reusable
    /// The remote server takes no further transaction on this connection, and said so at `MAIL`; a new connection may be taken at
    /// once. `QUIT` is on its way.
    case exhausted(Reply)
    /// Gone, at the point named.
    case lost(ConnectionLoss)
}

/// How and how far into a transaction a connection was lost.
public struct ConnectionLoss: Hashable, Sendable {
    /// What the remote server can have got of the message.
    public enum Progress: Hashable, Sendable {
        /// At most the envelope.
        case envelope
        /// A part of the content, not its end: it cannot have taken the message.
        case content
        /// All of it: it may have taken the message, unless the outcomes say more.
        case contentSent
    }

    public enum Cause: Hashable, Sendable {
        /// The remote server closed or reset the connection, or the network did.
        case closed
        /// `421`, or a refusal in the middle of the content: nothing can follow it.
        case closedByReply(Reply)
        case timedOut(WaitPhase)
        /// The whole transaction took too long, though each reply came in time.
        case tookTooLong(WaitPhase)
        /// What arrived is no reply, or not one to what was asked; quoted, printable, cut.
        case invalidReply(String)
        /// The content could not be read, or was not as long as announced: our own side's failure.
        case contentUnavailable(String)
    }

    public let progress: Progress
    public let cause: Cause

    public init(progress: Progress, cause: Cause) { (self.progress, self.cause) = (progress, cause) }
}
