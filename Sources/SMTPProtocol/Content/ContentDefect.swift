import MailVocabulary

/// Why content is not taken. It is named after the true end of the content, so that both sides agree where that is.
public enum ContentDefect: Hashable, Sendable {
    /// A CR without LF, a LF without CR, or a NUL (RFC 5321 §2.3.8, §4.1.1.4).
    case bareLineEnd
    /// A text line of more octets than the limit. Writers keep to 998 (RFC 5322 §2.1.1), and not all of them do; receivers should take more.
    case lineTooLong
    /// More octets than the limit.
    case tooLarge
}
