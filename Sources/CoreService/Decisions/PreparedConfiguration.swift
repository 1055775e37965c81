import Directory
import Explanation
import Routing
import Topology

/// A configuration and all that the core makes of it: prepared on another thread, so that a large one does not stop the mail, and then put
/// in force in one step.
struct PreparedConfiguration: Sendable {
    let topology: Topology
    let routing: RoutingTable
    let rivals: [String: Set<String>]
    let domains: DirectoryDomains

    init(_ topology: Topology) {
        (self.topology, routing, rivals, domains) = (topology, RoutingTable(topology), topology.rivals, DirectoryDomains(topology))
    }
}
