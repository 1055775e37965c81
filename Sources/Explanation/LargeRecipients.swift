import Directory
import MailVocabulary
import Routing
import Topology
import TopologyFile

/// Aliases and groups that strangers may write to and that lead to very many addresses: one message of a stranger becomes as many.
///
/// Whether a stranger may write is decided by the function that decides about live mail (law 4), so `permissions.receive`, the restrictions of
/// connectors and what else keeps strangers out all count.
public enum LargeRecipients {
    /// Final addresses that are worth no warning.
    public static let mostUnremarked = 1000

    /// A warning for each of them, in the order of the document.
    ///
    /// - Parameters:
    ///   - origin: what the document is of, for entries without a place of their own.
    ///   - isOfRunningCore: as of `MemoryDirectory.make`.
    /// - Throws: where the document does not make a directory.
    public static func findings(
        in document: DirectoryDocument, of origin: String, topology: Topology, isOfRunningCore: Bool
    ) throws(MemoryDirectory.Failure) -> [Finding] {
        let entries = document.aliases + document.groups
        // Nothing leads to more addresses than are named at all.
        guard entries.reduce(0, { $0 + $1.targets.count }) > mostUnremarked else { return [] }
        let directory = try MemoryDirectory.make(document, topology: topology, isOfRunningCore: isOfRunningCore)
        let table = RoutingTable(topology)
        let open = topology.virtualServers.filter { $0.isEdge || $0.submission?.authentication.anonymous == true }
        return entries.compactMap { entry in
            let address = entry.name.address
            let servers = open.filter { leadsToMany(address, at: $0, table, directory) }.map { "`\($0.name)`" }
            guard !servers.isEmpty, let count = finalAddresses(of: address, directory) else { return nil }
            let place = entry.name.location == .builtIn ? SourceLocation(file: origin, line: 0, column: 0) : entry.name.location
            return Finding(
                .warning, at: place, path: "\(address)",
                "leads to \(count) addresses, and strangers may write to it over \(servers.joined(separator: ", ")): "
                    + "each message of theirs becomes \(count)",
                accepted: "an entry of `permissions.receive`, such as { to: \(address), from: authenticated }")
        }
    }

    private static func finalAddresses(of address: EmailAddress, _ directory: Directory) -> Int? {
        // A directory in memory that was just made can be read.
        guard let expansion = try? directory.expand(address) else { return nil }
        return expansion.mailboxes.count + expansion.outside.count
    }

    /// Whether a stranger's message to the address is taken at the server, and becomes very many.
    private static func leadsToMany(_ address: EmailAddress, at server: VirtualServer, _ table: RoutingTable, _ directory: Directory)
        -> Bool
    {
        guard let count = finalAddresses(of: address, directory), count > mostUnremarked,
            let stranger = EmailAddress(parsing: "stranger@stranger.invalid")
        else { return false }
        // An address for documentation (RFC 5737 §3): nobody's.
        let client = IPAddress(ipv4: 0xC000_0201)
        let facts = RecipientFacts(
            origin: server.isEdge
                ? .edge(EdgeSession(virtualServer: server.name, clientAddress: client))
                : .submission(SubmissionSession(virtualServer: server.name, clientAddress: client)),
            reversePath: .address(stranger), recipient: address, message: QueueID(value: 1), time: .now())
        guard let decision = try? table.decide(facts, directory: DirectoryAnswers(directory)) else { return false }  // As above.
        return decision.routes.count > mostUnremarked
    }
}
