/// `*@domain`: every address of a domain that nothing else has.
extension EmailAddress {
    /// Whether it stands for all addresses of its domain.
    public var isCatchAll: Bool { localPart == "*" }

    /// Whether a `*` is in the local part: it is a character like others on the wire, and nobody's name.
    public var hasWildcard: Bool { localPart.utf8.contains(UInt8(ascii: "*")) }

    /// `*@domain` of the same domain; nil for an address literal.
    public var catchAll: EmailAddress? { domain.name.flatMap { EmailAddress(localPart: "*", domain: .name($0)) } }

    /// The same local part in another domain; nil where that is too long for an address.
    public func moved(to domain: DomainName) -> EmailAddress? { EmailAddress(recordedLocalPart: localPart, domain: .name(domain)) }
}
