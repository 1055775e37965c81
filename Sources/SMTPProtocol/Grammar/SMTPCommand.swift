import MailVocabulary

/// A command that is well-formed (RFC 5321 §4.1); whether it may come now is the session's question.
public enum SMTPCommand: Hashable, Sendable {
    case hello(ClientGreeting)
    case mail(EnvelopeSender)
    case recipient(EnvelopeRecipient)
    case data
    /// - Parameter size: the octets that follow the command line (RFC 3030 §2).
    case chunk(size: Int, isLast: Bool)
    case reset
    case noop
    case verify
    case expand
    case help
    case quit
    /// RFC 3207 §4.
    case startTLS
    /// `AUTH` (RFC 4954 §4).
    case authenticate(AuthenticationRequest)
    /// A command of an extension that is not offered: ETRN, ATRN, TURN, and STARTTLS and AUTH where the settings have none.
    case notOffered
}
