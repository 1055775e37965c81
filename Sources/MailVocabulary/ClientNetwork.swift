/// What counts as one client wherever something is shared: an IPv4 address, or the /64 of an IPv6 address, which is what one
/// customer usually has (RFC 6177 §2).
///
/// This is the only notion of "one client" in Postern: connection limits, budgets and the login throttle all count by it.
public struct ClientNetwork: Hashable, Sendable {
    /// The first address of the network.
    public let base: IPAddress

    public init(_ address: IPAddress) { base = address.family == .ipv6 ? address.masked(to: Self.prefixLength) : address }

    /// The /48 that an IPv6 network belongs to: a whole site, which can send from 65,536 networks. nil for IPv4.
    public var site: IPAddress? { base.family == .ipv6 ? base.masked(to: Self.sitePrefixLength) : nil }

    /// How many shares of one network all networks of a /48 have together.
    public static let sharesOfSite = 4

    private static let prefixLength = 64
    private static let sitePrefixLength = 48
}

extension ClientNetwork: CustomStringConvertible {
    public var description: String { base.family == .ipv6 ? "\(base)/\(Self.prefixLength)" : "\(base)" }
}
