/// A block of addresses in CIDR form: `192.0.2.0/24`, `2001:db8::/32`, or one address.
public struct Subnet: Hashable, Sendable {
    public let base: IPAddress
    public let prefixLength: Int

    /// - Parameter prefixLength: 0 to 32 or 128; nil otherwise, or if `base` has bits beyond it (`192.0.2.1/24` is a slip).
    public init?(base: IPAddress, prefixLength: Int) {
        guard (0...base.bitWidth).contains(prefixLength), base.masked(to: prefixLength) == base else { return nil }
        (self.base, self.prefixLength) = (base, prefixLength)
    }

    /// One address.
    public init(_ address: IPAddress) { (base, prefixLength) = (address, address.bitWidth) }

    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = IPAddress(parsing: parts[0]) else { return nil }
        if parts.count == 1 {
            self.init(base)
        } else if parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]) {
            self.init(base: base, prefixLength: length)
        } else {
            return nil
        }
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.family == base.family && address.masked(to: prefixLength) == base
    }
}

extension Subnet: CustomStringConvertible {
    public var description: String { prefixLength == base.bitWidth ? "\(base)" : "\(base)/\(prefixLength)" }
}
