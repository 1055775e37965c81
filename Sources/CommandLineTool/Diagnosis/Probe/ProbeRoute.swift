import MailVocabulary
import NameResolution
import Topology

/// Which way mail for a domain would take.
struct ProbeRoute: Hashable, Sendable {
    /// A place to look for hosts, and the port they are connected to.
    struct Destination: Hashable, Sendable {
        let place: NextHopDestination
        let port: Int
    }

    /// The connector; nil without a configuration, and where `--direct` passes it over.
    let connector: Connector?
    let profile: OutboundProfile
    /// Nothing where no mail leaves the system for it.
    let destinations: [Destination]
    /// In a sentence without a full stop.
    let words: String

    /// By the DNS, whatever the configuration says.
    static func direct(_ domain: MailDomain, port: Int?, profile: OutboundProfile = OutboundProfile(), words: String) -> ProbeRoute {
        ProbeRoute(
            connector: nil, profile: profile,
            destinations: [Destination(place: place(domain), port: port ?? profile.connections.port)], words: words)
    }

    /// As delivery would.
    static func configured(_ domain: MailDomain, port: Int?, in topology: Topology) -> ProbeRoute {
        let covering: [Connector] =
            switch domain {
            case .name(let name): topology.connectors(covering: name)
            case .literal: topology.connectors.filter { $0.addressSpaces.contains { $0.pattern == .any } }
            }
        let chosen = covering.enumerated().min { ($0.element.lowestCost, $0.offset) < ($1.element.lowestCost, $1.offset) }
        guard let connector = chosen?.element else {
            return ProbeRoute(
                connector: nil, profile: topology.defaultOutboundProfile, destinations: [],
                words: "no connector of the configuration covers it: mail for it is refused (--direct asks the DNS all the same)")
        }
        let profile = topology.outboundProfile(of: connector)
        func smart(_ hosts: [SmartHost]) -> [Destination] {
            hosts.map { Destination(place: NextHopDestination($0), port: port ?? $0.port ?? profile.connections.port) }
        }
        let byDNS = Destination(place: place(domain), port: port ?? profile.connections.port)
        let name = "connector \(connector.name)"
        let (destinations, way): ([Destination], String) =
            switch connector.deliver {
            case .dns: ([byDNS], "\(name), by the DNS")
            case .smartHosts(let hosts, directFirst: false): (smart(hosts), "\(name), to \(list(hosts))")
            case .smartHosts(let hosts, directFirst: true): ([byDNS] + smart(hosts), "\(name), by the DNS first, then to \(list(hosts))")
            case .maildir: ([], "\(name) keeps its mail in Maildirs here: nothing is sent")
            case .lmtp: ([], "\(name) hands its mail to an LMTP server: nothing is sent by SMTP")
            case .held: ([], "\(name) holds its mail until it is asked for: nothing is sent")
            }
        let others = covering.map(\.name).filter { $0 != connector.name }
        let login = connector.authentication == nil ? "" : " (delivery logs in there; the probe does not)"
        return ProbeRoute(
            connector: connector, profile: profile, destinations: destinations,
            words: way + login + (others.isEmpty ? "" : "; \(others.joined(separator: ", ")) would do, too"))
    }

    private static func list(_ hosts: [SmartHost]) -> String { hosts.map(\.description).joined(separator: ", ") }

    private static func place(_ domain: MailDomain) -> NextHopDestination {
        switch domain {
        case .name(let name): .domain(name)
        case .literal(let address): .addressLiteral(address)
        }
    }
}

extension Connector {
    fileprivate var lowestCost: Int { addressSpaces.map(\.cost).min() ?? 100 }
}
