import CoreLink
import Topology

/// The connectors that are down in the running core (S22, rule 5): facts for `postern explain route`.
struct RunningConnectors {
    /// By name; those that the configuration in question has.
    let names: [String]
    /// One sentence for each.
    let sentences: [String]

    /// Ends the command where the core does not answer.
    init(_ client: ControlClient, of topology: Topology) async throws {
        let rows = try await client.objects(ControlRequest(.status)).flatMap { try Row($0).rows("connectors_down") }
            .filter { $0.flag("is_down") && topology.connector(named: $0.value("connector")) != nil }
        names = rows.map { $0.value("connector") }
        sentences = rows.map { row in
            "\(row.text("connector")) is down since \(row.text("since")): its next hops failed \(row.text("failures")) times, "
                + "last: \(row.text("last_reply")); tried again at \(row.text("tried_again_at"))"
        }
    }
}
