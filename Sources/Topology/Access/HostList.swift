import MailVocabulary

/// A choice of computers: only those listed, or all except those listed (S16, S17).
public enum HostList: Hashable, Sendable {
    case only([HostEntry])
    case allExcept([HostEntry])

    public static let everyone = HostList.allExcept([])
    public static let nobody = HostList.only([])

    public var entries: [HostEntry] {
        switch self {
        case .only(let entries), .allExcept(let entries): entries
        }
    }

    /// Whether an answer may depend on the client's confirmed host name.
    public var needsHostName: Bool { entries.contains(where: \.needsHostName) }

    /// The first entry that matches.
    ///
    /// - Parameter hostName: the forward-confirmed name of the client, or nil where there is none.
    public func firstMatch(_ address: IPAddress, hostName: DomainName?) -> HostEntry? {
        entries.first { $0.matches(address, hostName: hostName) }
    }

    /// Whether the answer is the same whatever the host's name is.
    public func isDecided(by address: IPAddress) -> Bool { !needsHostName || firstMatch(address, hostName: nil) != nil }

    /// Whether the client is among those chosen.
    ///
    /// - Parameter hostName: the forward-confirmed name of the client, or nil where there is none.
    public func contains(_ address: IPAddress, hostName: DomainName? = nil) -> Bool {
        switch self {
        case .only: firstMatch(address, hostName: hostName) != nil
        case .allExcept: firstMatch(address, hostName: hostName) == nil
        }
    }
}
