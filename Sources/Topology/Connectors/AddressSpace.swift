import MailVocabulary

/// Domains that a connector covers, with a cost (S22).
public struct AddressSpace: Hashable, Sendable {
    public enum Pattern: Hashable, Sendable {
        /// `*`: everything.
        case any
        /// `fabrikam.example`: this domain alone.
        case exact(DomainName)
        /// `*.fabrikam.example`: every name below it, but not itself.
        case below(DomainName)
    }

    public let pattern: Pattern
    /// 1 to 100; the lowest wins among equal patterns.
    public let cost: Int
    public let location: SourceLocation

    public init(_ pattern: Pattern, cost: Int = 1, location: SourceLocation = .builtIn) {
        (self.pattern, self.cost, self.location) = (pattern, cost, location)
    }
}

extension AddressSpace.Pattern: CustomStringConvertible {
    /// As the configuration writes it.
    public var description: String {
        switch self {
        case .any: "*"
        case .exact(let name): name.text
        case .below(let name): "*.\(name)"
        }
    }

    /// Reads `*`, `domain` or `*.domain`; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        if text == "*" {
            self = .any
        } else if text.hasPrefix("*.") {
            guard let name = DomainName(inAddress: text.dropFirst(2)) else { return nil }
            self = .below(name)
        } else {
            guard let name = DomainName(inAddress: text) else { return nil }
            self = .exact(name)
        }
    }
}
