import MailVocabulary

/// Who gets mail for `postmaster@` each of our domains where the directory has no such address (RFC 5321 §4.5.1).
public struct Postmaster: Hashable, Sendable {
    /// A user, an alias or a group of ours, or an address elsewhere.
    public let address: EmailAddress
    public let location: SourceLocation

    public init(_ address: EmailAddress, location: SourceLocation = .builtIn) { (self.address, self.location) = (address, location) }

    /// Whether this is the mailbox that every domain has to have: its local part in any case.
    public static func isName(_ localPart: String) -> Bool { localPart.lowercased() == "postmaster" }
}
