import MailVocabulary

/// Who says what an `Authentication-Results` field says (RFC 8601 §2.5): a token, without the quotes that may stand around it.
struct AuthservID: Hashable, Sendable {
    let text: String

    /// Whether some reader might take it for the name of a host.
    ///
    /// Compared without regard to case, in U-labels or A-labels, without dots before or behind it. What is not ASCII and no domain name
    /// either might be made one by a reader that maps or drops characters, and therefore may mean any host. A name below ours is another.
    func mayMean(_ host: DomainName) -> Bool {
        let inner = text.drop { $0 == "." }
        guard let end = inner.lastIndex(where: { $0 != "." }) else { return false }
        guard let name = DomainName(parsing: inner[...end]) else { return text.utf8.contains { $0 >= 0x80 } }
        return name == host
    }
}
