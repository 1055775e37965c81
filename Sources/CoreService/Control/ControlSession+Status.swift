import CoreLink
import MailVocabulary
import MessageQueue
import Topology

/// `postern status` and `postern metrics`.
extension ControlSession {
    func status() {
        core.queue.counts().and(core.queue.heldCount()).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .failure(let error): refuse(.failed("the queue cannot be read: \(error)"))
            case .success(let (counts, held)):
                var object = JSONObject()
                object.add("hostname", core.topology.hostname.text)
                object.add("configuration", core.topology.source)
                object.add("revision", core.topology.revision)
                object.add("started_at", "\(core.startedAt)")
                object.add("messages", counts.messages)
                object.add("recipients", counts.recipients)
                object.add("held_recipients", held)
                object.add("leases", core.queue.leaseCount)
                let paused = core.queue.unreachableHops
                object.add("paused_next_hop_count", paused.count)
                object.add("paused_next_hops", objects: PausedHops.soonest(of: paused).map(Self.object))
                object.add("connectors_down", objects: connectorsDown)
                object.add("daemons", Set(core.daemons.reports.connected.map(\.role.rawValue)).sorted())
                object.add(
                    "not_done", objects: core.daemons.reports.undone(needed: core.topology.neededDaemons).map { JSONObject($0) })
                object.add("directory_never_used", core.directory.hasNeverHadAnybody)
                object.add("awaits_first_mailbox", core.awaitsFirstMailbox)
                object.add("damaged_messages", core.metrics.damagedMessages)
                object.add("files_aside", core.aside.contents.files)
                object.add("octets_aside", core.aside.contents.octets)
                object.add(
                    "mechanisms_off",
                    objects: core.outages.current.map { outage in
                        var off = JSONObject()
                        off.add("mechanism", outage.mechanism.rawValue)
                        off.add("reason", outage.reason)
                        if let until = outage.until { off.add("until", "\(until)") }
                        return off
                    })
                object.add("accepted_messages", core.metrics.acceptedMessages)
                object.add("delivered_recipients", core.metrics.deliveredRecipients)
                connection.send(.object(object.text))
                done()
            }
        }
    }

    func metrics() {
        // Ids sort by time: the first entry is of the oldest message.
        core.queue.counts().and(core.queue.heldCount()).and(core.queue.entries(after: nil, limit: 1)).assumeIsolated().whenComplete {
            [self] result in
            switch result {
            case .failure(let error): refuse(.failed("the queue cannot be read: \(error)"))
            case .success(let ((counts, held), oldest)):
                connection.send(
                    .object(
                        core.metrics.text(
                            counts: counts, held: held, leases: core.queue.leaseCount, pausedHops: core.queue.pausedRoutes.count,
                            expired: core.expiredLeases, startedAt: Int(core.startedAt.seconds),
                            oldestReceivedAt: oldest.first.map(\.receivedAt), now: .now(), revision: core.topology.revision,
                            filesAside: core.aside.contents.files)
                            + Metrics.connectors(core.topology.connectors.map(\.name), down: core.connectors.unreached)
                            + Metrics.mechanismsOff(core.outages.current.map(\.mechanism.rawValue))))
                done()
            }
        }
    }

    private static func object(of hop: UnreachableHop) -> JSONObject {
        var object = JSONObject()
        object.add("connector", hop.route.connector)
        object.add("next_hop", hop.route.nextHop)
        object.add("since", "\(hop.since)")
        object.add("failures", Int(hop.failures))
        object.add("last_error", hop.lastError)
        object.add("until", "\(hop.until)")
        return object
    }

    /// Connectors that are down, or are tried again and have not answered yet.
    private var connectorsDown: [JSONObject] {
        core.connectors.troubles.filter { $0.value.hasBeenDown }.sorted { $0.key < $1.key }.map { name, trouble in
            var connector = JSONObject()
            connector.add("connector", name)
            connector.add("since", "\(trouble.since)")
            connector.add("failures", trouble.failures)
            connector.add("last_reply", "\(trouble.lastReply)")
            // Otherwise it is being tried again, and nothing has answered yet.
            connector.add("is_down", core.isDown(name))
            connector.add("has_other_way", core.mayHaveOtherWay(name))
            connector.add("tried_again_at", core.triedAgain(name).map { "\($0)" })
            return connector
        }
    }
}
