/// A login name as a client gave it, in the form in which accounts have theirs (S09).
public struct LoginName: Hashable, Sendable {
    /// Before preparation, in octets: what a directory takes.
    public static let maximumOctets = 254

    /// The keys under which a credential of this name may lie, in the order to look: in lower case, addresses as they compare.
    ///
    /// A bare name has two, itself (a credential of its own, as for a device) and what the default domain makes of it. Empty where
    /// the text can be nobody's name.
    public let lookups: [String]
    /// The same for every spelling of one name: counts of failures and decoy keys go by it.
    public let key: String

    init(lookups: [String], key: String) { (self.lookups, self.key) = (lookups, key) }

    /// A name that nobody can have; it is treated as one that nobody has.
    init(ofNobody octets: [UInt8]) {
        lookups = []
        key = String(decoding: octets.prefix(Self.maximumOctets), as: UTF8.self).comparableName
    }
}
