import MailVocabulary
import NIOCore

/// What the host of a server session does, in this order, after each event.
///
/// A transaction is `.transactionBegan`, `.askRecipient` (each answered by `.recipientAnswered`, in order), `.contentBegan`, `.content`,
/// `.contentEnded` (answered by `.contentAnswered`, and then it is over), or ends at any point before `.contentEnded` with
/// `.transactionAborted`.
public enum SMTPServerAction: Hashable, Sendable {
    /// Replies, as few writes as possible: at most one for each event.
    case send(ByteBuffer)
    /// `MAIL` was accepted.
    case transactionBegan(EnvelopeSender)
    /// May this recipient be part of the transaction? At most `SMTPServerSession.maximumUnansweredRecipients` are open at a time.
    case askRecipient(EnvelopeRecipient)
    /// The client was told to go on, or began on its own with `BDAT`.
    case contentBegan
    /// The next octets of the message, without dots added for transparency: the buffer that was read, or a slice of it. They count only
    /// with `.contentEnded`: until then they may still turn out to be refused.
    case content(ByteBuffer)
    /// The message is whole and well-formed.
    /// - Parameters:
    ///   - octets: the sum of all `.content`.
    ///   - has8BitOctets: whether any octet is above 127.
    case contentEnded(octets: Int, has8BitOctets: Bool)
    /// The transaction is over without a message: RSET, a new greeting, QUIT, refused content, the end of the session. Its recipients
    /// need no answer any more; answers that still come for them must not be passed on.
    case transactionAborted(TransactionEnd)
    /// The client was told to begin with TLS (RFC 3207 §4): once everything sent before is written, in clear, the handshake. It is answered by
    /// `.secured` or `.handshakeFailed`, and what is read meanwhile belongs to it.
    case startTLS
    /// Octets in clear that came behind `STARTTLS`: nobody does that without ill will or a fault, so it is worth a line in the log.
    case plaintextDropped(octets: Int)
    /// `AUTH` may be tried: begin an exchange. It is answered by `.authenticationChallenge`, `.authenticated` or `.authenticationFailed`.
    case authenticate(SASLMechanism, initialResponse: [UInt8]?)
    /// The client's answer to the last challenge; answered in the same way.
    case authenticationResponse([UInt8])
    /// The exchange is over without a result, by the client's wish or fault; answers that still come for it must not be passed on.
    case authenticationCancelled
    /// The client is refused something by the session itself: for whoever logs, counts and explains refusals.
    case refused(ServerRefusal)
    /// Enough unworked input is held: read nothing more of this connection until `.resumeReading`.
    case pauseReading
    case resumeReading
    /// Close the connection when everything sent is written. Nothing follows.
    case close
}
