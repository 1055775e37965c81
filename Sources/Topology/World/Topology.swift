import MailVocabulary

/// The configured world: everything one configuration file says, checked, with defaults filled in.
///
/// Immutable, and the same in every process that read the same file. Paths are absolute.
public struct Topology: Hashable, Sendable {
    /// The file as it was named when it was read.
    public let source: String
    /// Identifies the file's bytes: processes with different revisions do not work together. It protects nothing.
    public let revision: String
    /// The file's text, at most 1 MiB: what runs can be compared with the file after that has changed. Empty where no file was read.
    public let sourceText: String
    /// The name in banner, EHLO and Received (E12).
    public let hostname: DomainName
    /// Completes bare names: `m.alexander`, a login without a domain.
    public let defaultDomain: DomainName
    /// Queue and directory; only the core opens it.
    public let stateDirectory: String
    /// The Unix sockets.
    public let runtimeDirectory: String
    public let runAs: RunAs
    /// The Unix group that may use the control socket, besides root and the core's account.
    public let controlGroup: String?
    /// What we receive mail for (E22).
    public let domains: [DomainName: ReceivingDomain]
    /// Other names of those domains; none of them is in ``domains`` itself.
    public let domainAliases: [DomainName: DomainAlias]
    /// nil: mail for `postmaster@` our domains goes where the directory says, and nowhere else.
    public let postmaster: Postmaster?
    /// What one client network may take of what all share.
    public let budgets: BudgetSettings
    public let permissions: Permissions
    public let certificates: [String: ConfiguredCertificate]
    public let resolver: Resolver
    public let identity: Identity
    /// In the order of the file.
    public let virtualServers: [VirtualServer]
    /// In the order of the file.
    public let connectors: [Connector]
    /// Where each connector stands, by its name: the core asks for one at every dispatch, and there may be thousands.
    private let connectorPlaces: [String: Int]
    /// By name; `default` is always there.
    public let outbound: [String: OutboundProfile]
    public let reports: Reports
    /// Received fields; one more is a loop (E10).
    public let maximumHops: Int
    /// What becomes of mail in the queue that a later configuration refuses.
    public let onRerouteRefusal: RerouteRefusal
    public let logs: LogSettings

    public static let defaultRuntimeDirectory = "/run/postern"
    /// RFC 5321 §6.3 asks for at least 100.
    public static let defaultMaximumHops = 100
    public static let defaultStateDirectory = "/var/lib/postern"

    public init(
        source: String = "", revision: String = "", sourceText: String = "", hostname: DomainName, defaultDomain: DomainName? = nil,
        stateDirectory: String = Topology.defaultStateDirectory, runtimeDirectory: String = Topology.defaultRuntimeDirectory,
        runAs: RunAs = RunAs(),
        controlGroup: String? = nil, domains: [ReceivingDomain] = [], domainAliases: [DomainAlias] = [],
        postmaster: Postmaster? = nil,
        budgets: BudgetSettings = BudgetSettings(),
        permissions: Permissions = Permissions(),
        certificates: [String: ConfiguredCertificate] = [:], resolver: Resolver = Resolver(), identity: Identity = Identity(),
        virtualServers: [VirtualServer] = [], connectors: [Connector] = [], outbound: [OutboundProfile] = [],
        reports: Reports? = nil, maximumHops: Int = Topology.defaultMaximumHops, onRerouteRefusal: RerouteRefusal = .hold,
        logs: LogSettings = LogSettings()
    ) {
        (self.source, self.revision, self.sourceText, self.hostname) = (source, revision, sourceText, hostname)
        self.defaultDomain = defaultDomain ?? hostname
        (self.stateDirectory, self.runtimeDirectory, self.runAs) = (stateDirectory, runtimeDirectory, runAs)
        (self.controlGroup, self.budgets) = (controlGroup, budgets)
        self.postmaster = postmaster
        self.domains = Dictionary(domains.map { ($0.name, $0) }) { first, _ in first }
        self.domainAliases = Dictionary(domainAliases.map { ($0.name, $0) }) { first, _ in first }
        (self.permissions, self.certificates, self.resolver, self.identity) = (permissions, certificates, resolver, identity)
        (self.virtualServers, self.connectors) = (virtualServers, connectors)
        connectorPlaces = Dictionary(connectors.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var profiles = Dictionary(outbound.map { ($0.name, $0) }) { first, _ in first }
        if profiles[OutboundProfile.defaultName] == nil { profiles[OutboundProfile.defaultName] = OutboundProfile() }
        self.outbound = profiles
        self.reports = reports ?? Reports(badmailDirectory: stateDirectory + "/badmail")
        (self.maximumHops, self.onRerouteRefusal, self.logs) = (maximumHops, onRerouteRefusal, logs)
    }

    /// The connector of this name, if there is one.
    public func connector(named name: String) -> Connector? { connectorPlaces[name].map { connectors[$0] } }

    /// The connectors with the most specific address space that matches a domain (rule 3 of routing).
    public func connectors(covering domain: DomainName) -> [Connector] {
        var patterns: [AddressSpace.Pattern] = [.exact(domain)]
        var above = domain.parent
        while let name = above {
            patterns.append(.below(name))
            above = name.parent
        }
        for pattern in patterns + [.any] {
            let holders = connectors.filter { $0.addressSpaces.contains { $0.pattern == pattern } }
            if !holders.isEmpty { return holders }
        }
        return []
    }

    /// What `<postmaster>` without a domain means (RFC 5321 §4.1.1.3): the default domain, where we receive mail for it; otherwise one that
    /// we do receive mail for.
    public var postmasterDomain: DomainName {
        receives(defaultDomain) ? defaultDomain : domains.keys.min() ?? defaultDomain
    }

    /// The virtual server of this name, if there is one.
    public func virtualServer(named name: String) -> VirtualServer? { virtualServers.first { $0.name == name } }

    /// The profile that a connector sends by.
    public func outboundProfile(of connector: Connector) -> OutboundProfile {
        outbound[connector.outbound] ?? defaultOutboundProfile
    }

    /// The profile of connectors that name none, and of what no connector carries (E06).
    public var defaultOutboundProfile: OutboundProfile { outbound[OutboundProfile.defaultName] ?? OutboundProfile() }

    /// The host that takes mail for recipients of a shared domain whom the directory does not know (E06), if there is one.
    public func unknownRecipientsHost(of domain: DomainName) -> SmartHost? {
        if case .shared(let host)? = domains[domain]?.kind { host } else { nil }
    }
}
