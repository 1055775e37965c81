import MailVocabulary
import NIOCore

/// What happens to a server session: bytes of the client, answers that the session asked for, and the wishes of its host.
public enum SMTPServerEvent: Hashable, Sendable {
    /// The connection stands and the client may be greeted: the banner goes out. Until then the client must be silent (RFC 5321 §3.1).
    ///
    /// Where the connection begins with TLS the banner waits for `.secured`, too, whichever comes first.
    case connected
    /// TLS stands: after `.startTLS`, or from the beginning. The client is a stranger again (RFC 3207 §4.2).
    case secured(SecureChannel)
    /// TLS does not come about: the session closes without a word, since nobody could read one.
    case handshakeFailed
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
    /// The mechanism's next challenge, not encoded; at most 9,000 octets, or the exchange fails.
    case authenticationChallenge([UInt8])
    /// The login is good.
    /// - Parameter finalData: the mechanism's last word, where it has one: it goes out as a challenge (RFC 4954 §4 has no data with
    ///   success), and the client is logged in when it has confirmed it.
    case authenticated(SessionIdentity, finalData: [UInt8]?)
    /// The login is refused (`535 5.7.8` and its like; counted), or cannot be decided (`454 4.7.0`).
    case authenticationFailed(Reply)
    /// Instead of the banner, or at any later moment: this reply, and close.
    ///
    /// The rule is the one of the virtual server that says so, whose code the reply then gets; nil where it is for now only.
    case refuse(Reply, by: SessionRule?)
    /// The client was silent for too long: `421 4.4.2`, and close. Without effect while the session itself waits for an answer
    /// (`SMTPServerSession.isWaitingForClient` is false then), since a client may be silent meanwhile.
    case timedOut
    /// The transaction takes too long for what it brings: `421 4.4.2`, and close. Without effect outside a transaction, and while its
    /// content waits for its answer.
    case tooSlow
    /// The server stops: `421 4.3.2` at once where no transaction runs, else when the running one is through.
    case shuttingDown
}
