import MailVocabulary
import Topology

/// What routing needs of a topology, arranged for look-up: made once per configuration, then immutable.
public final class RoutingTable: Sendable {
    let domains: [DomainName: OurDomain]
    let domainAliases: [DomainName: DomainAlias]
    let servers: [String: ServerRules]
    let carriers: [Carrier]
    let spaces: AddressSpaceIndex
    let receive: ReceiveIndex
    let sendAs: SendAsIndex
    let postmaster: Postmaster?
    /// What could not be carried on by anything.
    let noRoute: RoutingRule
    let wrongSender: RoutingRule
    private let names: Set<String>
    private let rules: [RefusalCode: [RefusalRule]]

    /// Whether any connector carries some messages only: where none does, the end of the data changes no decision.
    public let restrictsContent: Bool

    /// What its codes end with.
    public let installation: InstallationMark

    public init(_ topology: Topology) {
        let installation = InstallationMark(of: topology.hostname)
        self.installation = installation
        domains = topology.domains.mapValues { OurDomain($0, in: installation) }
        domainAliases = topology.domainAliases
        servers = Dictionary(topology.virtualServers.map { ($0.name, ServerRules($0, in: installation)) }) { first, _ in first }
        carriers = topology.connectors.map { Carrier($0, in: installation) }
        names = Set(topology.connectors.map(\.name))
        spaces = AddressSpaceIndex(topology.connectors)
        receive = ReceiveIndex(topology.permissions.receive, in: installation)
        sendAs = SendAsIndex(topology.permissions.sendAs, domainAliases)
        postmaster = topology.postmaster
        noRoute = RoutingRule("6", "connectors", topology.connectors.first?.location, .noRoute, of: installation)
        // Where nothing is granted: the server whose sessions the rule is about.
        let senders = topology.permissions.sendAs.first?.location ?? topology.virtualServers.first { !$0.isEdge }?.location
        wrongSender = RoutingRule("0", "permissions.send_as", senders, .notYourAddress, of: installation)
        restrictsContent = carriers.contains { $0.guard?.restrictsContent == true }
        var all = [noRoute, wrongSender]
        all += domains.values.flatMap { [$0.recipientUnknown, $0.leadsToNobody, $0.nobodyYet] }
        all += servers.values.flatMap(\.refusals)
        all += carriers.flatMap { $0.guard?.refusals ?? [] }
        all += receive.entries.map(\.refusal)
        let sessions = topology.virtualServers.flatMap { server in
            SessionRule.allCases.compactMap { RefusalRule($0, of: server, in: installation) }
        }
        // The login is a rule of the decision, too.
        rules = Dictionary(grouping: Set(all.map(\.named) + sessions), by: \.code)
    }

    /// Whether it takes the groups of a final address to decide about it (`permissions.receive`).
    public var asksForGroupsOfRecipients: Bool { receive.everyRecipient.namesGroups }

    /// The rules of a refusal's code: mostly one, none where this configuration has no such rule, and more where two share it. A
    /// code that does not say which installation it is of is looked up as one of this.
    public func rules(of code: RefusalCode) -> [RefusalRule] { (rules[code.assumed(of: installation)] ?? []).sorted { $0.path < $1.path } }

    /// The connectors that cover a domain (rule 3), lowest cost first.
    public func connectors(covering domain: MailDomain) -> [String] { spaces.mostSpecific(for: domain)?.names ?? [] }

    /// The connectors that cover a domain (rule 3) with what each costs, in the order in which they are tried; equals are turned for each message.
    public func candidates(covering domain: MailDomain) -> [(connector: String, cost: Int)] {
        guard let space = spaces.mostSpecific(for: domain) else { return [] }
        return zip(space.names, space.candidates).map { ($0, $1.cost) }
    }

    /// Whether the topology has a connector of this name.
    func hasConnector(_ name: String) -> Bool { names.contains(name) }

    /// The address that is meant: in the domain that its own is an alias of, or as it is.
    public func meant(by address: EmailAddress) -> EmailAddress { domainAliases.meant(by: address) }

    /// The domain of ours, if it is one (E22). An address literal never is.
    func ourDomain(_ domain: MailDomain) -> OurDomain? { domain.name.flatMap { domains[$0] } }
}
