import MailVocabulary
import Topology

/// Concrete facts for an opening, so that its dialogue can be shown, and tried.
struct OpenRelayWitness {
    private let topology: Topology
    private let table: RoutingTable
    /// A domain that nothing names.
    let arbitraryDomain: DomainName
    /// Whether strangers' mail for such a domain has a way, if it may be relayed.
    let hasGeneralRoute: Bool

    init(_ topology: Topology) {
        self.topology = topology
        let table = RoutingTable(topology)
        self.table = table
        hasGeneralRoute = topology.connectors.contains(where: \.carriesEverywhereForStrangers)
        // Each below another name of its own, so that one of them is free: a file of 1 MiB cannot name all of them.
        let candidates = (0..<200_000).lazy.compactMap { DomainName(parsing: $0 == 0 ? "victim.example" : "victim.arbitrary\($0)") }
        arbitraryDomain =
            candidates.first { table.domains[$0] == nil && table.spaces.mostSpecific(for: .name($0))?.text == table.spaces.any?.text }
            ?? topology.hostname
    }

    /// Somebody from an address range of documentation (RFC 5737).
    var stranger: IPAddress { Self.documented }

    private static let documented = IPAddress(ipv4: 0xCB00_7109)

    /// A stranger among those whom a list chooses; nil where it chooses nobody.
    func permittedStranger(_ computers: HostList) -> IPAddress? {
        if computers.contains(Self.documented) { return Self.documented }
        let families = [IPAddress.Family.ipv4, .ipv6]
        switch computers {
        case .allExcept(let entries): return families.lazy.compactMap { AddressCoverage.uncovered($0, by: entries) }.first
        case .only(let entries):
            // Any address of the family that is held as a whole.
            return families.first { AddressCoverage.covers($0, by: entries) }.map { $0 == .ipv4 ? Self.documented : Self.documented6 }
        }
    }

    /// 2001:db8::9.
    private static let documented6 =
        IPAddress(octets: [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]) ?? IPAddress(ipv4: 0xCB00_7109)

    /// The facts of a stranger's message for an arbitrary domain.
    func facts(at server: VirtualServer, from client: IPAddress) -> RecipientFacts? {
        guard let sender = EmailAddress(parsing: "anyone@stranger.example"),
            let recipient = EmailAddress(localPart: "victim", domain: .name(arbitraryDomain))
        else { return nil }
        let origin: MailOrigin =
            server.isEdge
            ? .edge(EdgeSession(virtualServer: server.name, clientAddress: client))
            : .submission(SubmissionSession(virtualServer: server.name, clientAddress: client))
        return RecipientFacts(
            origin: origin, reversePath: .address(sender), recipient: recipient, message: QueueID(value: 0), time: Timestamp(seconds: 0))
    }

    /// What server and stranger would say; the reply to `RCPT` is that of the decision itself. Empty where it refuses.
    func transcript(at server: VirtualServer, from client: IPAddress) -> [String] {
        guard let facts = facts(at: server, from: client), let address = facts.reversePath.address,
            table.decide(facts, directory: EmptyDirectory()).refusal == nil
        else { return [] }
        let listener = server.listeners.first.map { " (\($0))" } ?? ""
        return [
            "\(client) connects to \(server.name)\(listener)",
            "S: 220 \(topology.hostname) ESMTP",
            "C: EHLO stranger.example",
            "S: 250 \(topology.hostname)",
            "C: MAIL FROM:<\(address)>",
            "S: 250 2.1.0 Sender OK",
            "C: RCPT TO:<\(facts.recipient)>",
            "S: 250 2.1.5 Recipient OK",
        ]
    }
}

/// A directory that has nobody: what strangers write to outside our domains asks it nothing.
struct EmptyDirectory: RoutingDirectory {
    func answer(for recipient: EmailAddress) -> DirectoryAnswer { .unknown }
    func groups(of address: EmailAddress) -> Set<AddressKey> { [] }
    func ownAddresses(of account: EmailAddress) -> [EmailAddress] { [account] }
}
