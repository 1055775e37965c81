import Directory
import Topology

extension DirectoryDomains {
    /// The domains that the configuration receives mail for.
    public init(_ topology: Topology) {
        self.init(
            authoritative: Set(topology.domains.values.filter { !$0.isShared }.map(\.name)),
            shared: Set(topology.domains.values.filter(\.isShared).map(\.name)), defaultDomain: topology.defaultDomain,
            aliases: topology.domainAliases.mapValues(\.target))
    }
}
