import MailVocabulary
import Topology

/// What routing needs of a topology, arranged for look-up: made once per configuration, then immutable.
public struct RoutingTable: Sendable {
    /// A connector as routing sees it.
    struct Carrier: Sendable {
        let name: String
        let location: SourceLocation
        /// `relay: true` (S23).
        let isOpenRelay: Bool
        let relayLocation: SourceLocation
        let delivery: Delivery

        init(_ connector: Connector) {
            (name, location) = (connector.name, connector.location)
            (isOpenRelay, relayLocation) = (connector.relay, connector.relayLocation)
            delivery =
                switch connector.deliver {
                case .dns: .dns
                case .smartHosts: .fixed(.smartHosts(connector: connector.name))
                case .maildir: .fixed(.maildir(connector: connector.name))
                case .lmtp: .fixed(.lmtp(connector: connector.name))
                case .held: .fixed(.held(connector: connector.name))
                }
        }
    }

    /// How a connector finds the next hop.
    enum Delivery: Hashable, Sendable {
        /// It is the recipient's domain.
        case dns
        case fixed(NextHop)
    }

    let domains: [DomainName: ReceivingDomain]
    let carriers: [Carrier]
    let spaces: AddressSpaceIndex
    private let names: Set<String>

    public init(_ topology: Topology) {
        domains = topology.domains
        carriers = topology.connectors.map(Carrier.init)
        names = Set(topology.connectors.map(\.name))
        var spaces = AddressSpaceIndex()
        for (index, connector) in topology.connectors.enumerated() {
            for space in connector.addressSpaces { spaces.insert(space, connector: index) }
        }
        self.spaces = spaces
    }

    /// Whether the topology has a connector of this name.
    func hasConnector(_ name: String) -> Bool { names.contains(name) }

    /// The domain of ours, if it is one (E22). An address literal never is.
    func ourDomain(_ domain: MailDomain) -> ReceivingDomain? { domain.name.flatMap { domains[$0] } }
}
