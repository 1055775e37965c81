import MailVocabulary
import NIOCore

/// What happens to a server session: bytes of the client, answers that the session asked for, and the wishes of its host.
public enum SMTPServerEvent: Hashable, Sendable {
    /// The connection stands and the client may be greeted: the banner goes out. Until then the client must be silent (RFC 5321 §3.1).
    case connected
    /// Whatever was read, in pieces of any size.
    case bytes(ByteBuffer)
    /// The client sends nothing more but may still read: what it sent is worked off, then the session closes.
    case inputClosed
    /// The connection is gone in both directions: nothing more is sent.
    case disconnected
    /// The answer to the oldest `.askRecipient` that has none yet. A positive reply makes the recipient part of the transaction; a
    /// reply with code 421 closes the session.
    case recipientAnswered(Reply)
    /// The answer to `.contentEnded`. It may come earlier, from `.contentBegan` on, when the holder of the transaction has to give it up:
    /// then the rest of the content is swallowed and the client gets this reply after its end.
    case contentAnswered(Reply)
    /// Instead of the banner, or at any later moment: this reply, and close.
    case refuse(Reply)
    /// The client was silent for too long: `421 4.4.2`, and close. Without effect while the session itself waits for an answer
    /// (`SMTPServerSession.isWaitingForClient` is false then), since a client may be silent meanwhile.
    case timedOut
    /// The server stops: `421 4.3.2` at once where no transaction runs, else when the running one is through.
    case shuttingDown
}
