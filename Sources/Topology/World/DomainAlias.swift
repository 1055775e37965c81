import MailVocabulary

/// A domain that is another name of one of ours (`alias_of`): an address in it is the same address there.
public struct DomainAlias: Hashable, Sendable {
    public let name: DomainName
    /// One of ours, and no alias itself: chains are errors of the file.
    public let target: DomainName
    /// The domain's entry in `domains`.
    public let location: SourceLocation

    public init(name: DomainName, target: DomainName, location: SourceLocation = .builtIn) {
        (self.name, self.target, self.location) = (name, target, location)
    }
}

extension [DomainName: DomainAlias] {
    /// The address that is meant: in the domain that its own is an alias of, or as it is. Replaced once.
    public func meant(by address: EmailAddress) -> EmailAddress {
        guard !isEmpty, let name = address.domain.name, let alias = self[name] else { return address }
        return address.moved(to: alias.target) ?? address
    }
}

extension Topology {
    /// Whether mail for a domain is ours: one of `domains`, or an alias of one.
    public func receives(_ domain: DomainName) -> Bool { domains[domain] != nil || domainAliases[domain] != nil }
}
