import MailVocabulary
import Topology

/// The proof of law 5: whether there is a combination of virtual server, stranger and recipient with which a stranger can relay to an
/// arbitrary domain.
///
/// Over the symbolic space, not by sampling. A stranger is anybody who is not logged in: any address that the lists do not name, with any
/// confirmed name or none, and any reverse-path, so no list of senders and no `reject_from` keeps one away. An arbitrary domain is one
/// that no address space and no `domains` names, so it takes the connectors with `*`. Where servers listen, and whom `access` lets
/// connect, is no part of it: a wall around an open relay is taken down one day.
///
/// Each server and each connector is looked at once, so the work is that of reading the configuration.
public enum OpenRelayProof {
    /// Every opening of a topology, in the order of its file; those that are acknowledged, too.
    public static func openings(of topology: Topology) -> [OpenRelayOpening] {
        let witness = OpenRelayWitness(topology)
        let openings =
            connectorOpenings(of: topology, witness) + computerOpenings(of: topology, witness) + sharedOpenings(of: topology, witness)
        return openings.sorted { $0.location < $1.location }
    }

    /// Those that law 5 refuses: everyone may relay to everywhere, and the rule does not say that it is meant.
    public static func violations(of topology: Topology) -> [OpenRelayOpening] {
        openings(of: topology).filter { $0.reachesEverywhere && !$0.isAcknowledged }
    }

    /// Servers that take the machine's own gateways and bridges for computers that may relay without a login.
    public static func openings(of topology: Topology, neighbours: [NetworkNeighbour]) -> [OpenRelayOpening] {
        let witness = OpenRelayWitness(topology)
        return anonymousServers(of: topology).compactMap { server, settings in
            let computers = settings.relay.computers
            guard let trusted = neighbours.first(where: { computers.contains($0.address) }) else { return nil }
            return OpenRelayOpening(
                rule: .neighbour(server: server.name, trusted), location: settings.relay.computersLocation,
                isAcknowledged: settings.relay.acknowledgeOpenRelay, reachesEverywhere: witness.hasGeneralRoute,
                transcript: witness.transcript(at: server, from: trusted.address))
        }
    }

    // MARK: S23

    /// A connector's `relay: true` acts on every server that takes mail from whoever is not logged in.
    private static func connectorOpenings(of topology: Topology, _ witness: OpenRelayWitness) -> [OpenRelayOpening] {
        guard let server = topology.virtualServers.first(where: takesAnonymousMail) else { return [] }
        return topology.connectors.filter { $0.relay && $0.carriesEverywhereForStrangers }.map { connector in
            OpenRelayOpening(
                rule: .connector(connector.name), location: connector.relayLocation, isAcknowledged: connector.acknowledgeOpenRelay,
                reachesEverywhere: true, transcript: witness.transcript(at: server, from: witness.stranger))
        }
    }

    private static func takesAnonymousMail(_ server: VirtualServer) -> Bool {
        switch server.role {
        case .edge: true
        case .submission(let settings): settings.authentication.anonymous
        }
    }

    // MARK: S20

    private static func computerOpenings(of topology: Topology, _ witness: OpenRelayWitness) -> [OpenRelayOpening] {
        anonymousServers(of: topology).compactMap { server, settings in
            guard isOpen(settings.relay.computers), let stranger = witness.permittedStranger(settings.relay.computers) else { return nil }
            return OpenRelayOpening(
                rule: .computers(server: server.name), location: settings.relay.computersLocation,
                isAcknowledged: settings.relay.acknowledgeOpenRelay, reachesEverywhere: witness.hasGeneralRoute,
                transcript: witness.transcript(at: server, from: stranger))
        }
    }

    /// `only` lists, none of which is open, that are open together.
    private static func sharedOpenings(of topology: Topology, _ witness: OpenRelayWitness) -> [OpenRelayOpening] {
        let partial = anonymousServers(of: topology).compactMap { server, settings -> (VirtualServer, RelayPermissions, [HostEntry])? in
            guard case .only(let entries) = settings.relay.computers, !isOpen(settings.relay.computers) else { return nil }
            return (server, settings.relay, entries)
        }
        for family in [IPAddress.Family.ipv4, .ipv6] where AddressCoverage.covers(family, by: partial.flatMap(\.2)) {
            let sharing = partial.compactMap { server, relay, entries in
                AddressCoverage.covered(family, by: entries).map { (server: server, relay: relay, stranger: $0) }
            }
            return sharing.map { server, relay, stranger in
                OpenRelayOpening(
                    rule: .computersTogether(server: server.name, others: sharing.map(\.server.name).filter { $0 != server.name }),
                    location: relay.computersLocation, isAcknowledged: relay.acknowledgeOpenRelay,
                    reachesEverywhere: witness.hasGeneralRoute, transcript: witness.transcript(at: server, from: stranger))
            }
        }
        return []
    }

    private static func anonymousServers(of topology: Topology) -> [(VirtualServer, SubmissionSettings)] {
        topology.virtualServers.compactMap { server in
            guard let settings = server.submission, settings.authentication.anonymous else { return nil }
            return (server, settings)
        }
    }

    /// `all_except`, unless nobody is left; or an `only` list that holds a whole address family. Names close nothing: a stranger need not
    /// have one.
    public static func isOpen(_ computers: HostList) -> Bool {
        switch computers {
        case .allExcept(let entries): ![IPAddress.Family.ipv4, .ipv6].allSatisfy { AddressCoverage.covers($0, by: entries) }
        case .only(let entries): [IPAddress.Family.ipv4, .ipv6].contains { AddressCoverage.covers($0, by: entries) }
        }
    }
}

extension Connector {
    /// Whether mail of strangers to everywhere may go over it, as far as rule 4 goes. `reject_from` does not matter, since they choose
    /// their reverse-path; what they cannot be is accepted by name.
    var carriesEverywhereForStrangers: Bool {
        addressSpaces.contains { $0.pattern == .any } && restrictions.byDefault == .accept
    }
}
