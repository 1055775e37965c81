import MailVocabulary
import Topology

/// The addresses at which others reach the edge.
struct PublicAddresses {
    let known: [IPAddress]
    /// Why there is none.
    let reason: String

    /// - Parameters:
    ///   - said: by whoever runs the command; what is said is not questioned.
    ///   - own: of this machine's interfaces.
    init(said: [IPAddress], own: [IPAddress], of topology: Topology) {
        guard said.isEmpty else {
            (known, reason) = (said, "")
            return
        }
        let listeners = topology.virtualServers.filter(\.isEdge).flatMap(\.listeners)
        let heard = own.filter { address in
            listeners.contains { listener in
                listener.address == address
                    || listener.address.family == address.family && listener.address.octets.allSatisfy { $0 == 0 }
            }
        }
        known = heard.filter { !Self.isPrivate($0) }.sorted {
            ($0.family == .ipv4 ? 0 : 1, "\($0)") < ($1.family == .ipv4 ? 0 : 1, "\($1)")
        }
        reason =
            heard.isEmpty
            ? "the edge listens on no address of this machine" : "the edge listens on no public address of this machine, perhaps behind NAT"
    }

    private static let privateSubnets = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3",
        "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    ].compactMap { Subnet(parsing: $0) }

    /// Addresses that nobody outside reaches (RFC 6890).
    static func isPrivate(_ address: IPAddress) -> Bool { privateSubnets.contains { $0.contains(address) } }
}
