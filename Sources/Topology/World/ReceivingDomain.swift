import MailVocabulary

/// A domain that we receive mail for (E22).
public struct ReceivingDomain: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// Who is not in the directory does not exist: `550 5.1.1`.
        case authoritative
        /// Who is not in the directory may exist elsewhere: mail goes on to `unknownTo` (E06), or, without it, by routing.
        case shared(unknownTo: SmartHost?)
    }

    public let name: DomainName
    public let kind: Kind
    /// The domain's entry in `domains`.
    public let location: SourceLocation

    public init(name: DomainName, kind: Kind = .authoritative, location: SourceLocation = .builtIn) {
        (self.name, self.kind, self.location) = (name, kind, location)
    }

    public var isShared: Bool { kind != .authoritative }
}
