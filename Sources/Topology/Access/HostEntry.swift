import MailVocabulary

/// One entry of a list of computers: an address, a subnet, or a name (S16, S17).
public struct HostEntry: Hashable, Sendable {
    public enum Pattern: Hashable, Sendable {
        case subnet(Subnet)
        /// This host name, by confirmed reverse DNS.
        case exact(DomainName)
        /// Every host name below this one, but not itself: `*.bad.example`.
        case below(DomainName)
    }

    public let pattern: Pattern
    public let location: SourceLocation

    public init(_ pattern: Pattern, location: SourceLocation = .builtIn) { (self.pattern, self.location) = (pattern, location) }

    /// Whether the entry counts only with a confirmed host name.
    public var needsHostName: Bool {
        if case .subnet = pattern { false } else { true }
    }

    /// - Parameter hostName: the forward-confirmed name of the client, or nil where there is none.
    public func matches(_ address: IPAddress, hostName: DomainName?) -> Bool {
        switch pattern {
        case .subnet(let subnet): subnet.contains(address)
        case .exact(let name): hostName == name
        case .below(let parent): hostName?.isBelow(parent) ?? false
        }
    }
}

extension HostEntry: CustomStringConvertible {
    /// As the configuration writes it.
    public var description: String {
        switch pattern {
        case .subnet(let subnet): subnet.description
        case .exact(let name): name.text
        case .below(let name): "*.\(name)"
        }
    }
}
