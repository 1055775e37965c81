import Topology

extension NextHopDestination {
    public init(_ smartHost: SmartHost) {
        self =
            switch smartHost.host {
            case .name(let name): .smartHost(name)
            case .literal(let address): .smartHostAddress(address)
            }
    }
}

extension AddressFamilies {
    /// Those that a connector sends from.
    public init(_ family: OutboundSource.Family) {
        self =
            switch family {
            case .any: .any
            case .ipv4: .ipv4
            case .ipv6: .ipv6
            }
    }
}
