import MailVocabulary
import NameResolution
import Topology

/// Where this system takes mail from the Internet: a next hop there is ourself (RFC 5321 §5.1).
///
/// By address and port together: a lab with several servers on one address tells them apart by port.
struct OwnListeners {
    private let listeners: [Listener]
    /// The addresses of this machine's interfaces, which a listener on all addresses stands for.
    private let machine: Set<IPAddress>

    init(_ listeners: [Listener], machine: Set<IPAddress>) { (self.listeners, self.machine) = (listeners, machine) }

    /// What is ourself for connections to this port.
    func identity(names: Set<DomainName>, port: Int) -> OwnIdentity {
        var addresses: Set<IPAddress> = []
        var networks: [Subnet] = []
        for listener in listeners where listener.port == port {
            guard listener.address.isUnspecified else {
                addresses.insert(listener.address)
                continue
            }
            // IPv6 listeners are IPV6_V6ONLY.
            addresses.formUnion(machine.filter { $0.family == listener.address.family })
            // All of it leads here, whichever of them the interface has.
            if listener.address.family == .ipv4, let loopback = Subnet(parsing: "127.0.0.0/8") { networks.append(loopback) }
        }
        return OwnIdentity(names: names, addresses: addresses, networks: networks)
    }
}

extension IPAddress {
    fileprivate var isUnspecified: Bool { octets.allSatisfy { $0 == 0 } }
}
