import MailVocabulary

/// An address behind which every stranger may stand: whoever comes through a userland proxy or NAT has it, and not their own.
public struct NetworkNeighbour: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case gateway = "the default gateway"
        case bridge = "this machine's address on a bridge"
    }

    public let kind: Kind
    public let address: IPAddress
    /// The network interface, as the kernel calls it.
    public let interface: String

    public init(_ kind: Kind, _ address: IPAddress, interface: String) {
        (self.kind, self.address, self.interface) = (kind, address, interface)
    }
}

extension NetworkNeighbour: CustomStringConvertible {
    /// `172.17.0.1 (this machine's address on a bridge, docker0)`
    public var description: String { "\(address) (\(kind.rawValue), \(interface))" }
}
