import MailVocabulary
import NameResolution
import Topology

/// Where this system takes mail from the Internet: a next hop there is ourself (RFC 5321 §5.1).
///
/// By address and port together: a lab with several servers on one address tells them apart by port.
struct OwnListeners {
    private let listeners: [Listener]
    /// The addresses of this machine's interfaces, which a listener on all addresses stands for.
    private let machine: MachineAddresses.Known

    init(_ listeners: [Listener], machine: MachineAddresses.Known) { (self.listeners, self.machine) = (listeners, machine) }

    /// What is ourself for connections to this port.
    func identity(names: Set<DomainName>, port: Int) -> OwnIdentity {
        var addresses: Set<IPAddress> = []
        var networks: [Subnet] = []
        var uncertain = machine.uncertain
        for listener in listeners where listener.port == port {
            guard listener.address.isUnspecified else {
                addresses.insert(listener.address)
                // It may have moved to another machine, and come back: mail for it waits.
                if !machine.addresses.contains(listener.address), !listener.address.isLoopback { uncertain.insert(listener.address) }
                continue
            }
            // IPv6 listeners are IPV6_V6ONLY.
            addresses.formUnion(machine.addresses.filter { $0.family == listener.address.family })
            // All of it leads here, whichever of them the interface has.
            if listener.address.family == .ipv4, let loopback = Subnet(parsing: "127.0.0.0/8") { networks.append(loopback) }
        }
        return OwnIdentity(
            names: names, addresses: addresses, networks: networks, uncertain: uncertain.intersection(addresses))
    }
}

extension IPAddress {
    fileprivate var isUnspecified: Bool { octets.allSatisfy { $0 == 0 } }
    fileprivate var isLoopback: Bool {
        family == .ipv4 ? octets.first == 127 : octets.last == 1 && octets.dropLast().allSatisfy { $0 == 0 }
    }
}
