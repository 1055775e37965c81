import MailVocabulary
import MessageQueue
import NIOCore
import Routing
import Topology

/// Connectors that are down, and mail that takes another way meanwhile.
extension Core {
    /// What a holder says of a next hop.
    func note(_ contact: HopContact, _ route: Route) {
        switch contact {
        case .notTried: break
        case .reached:
            if connectors.reached(route.connector) { log.notice("connector is up again", metadata: ["connector": "\(route.connector)"]) }
        case .notReached(let reply):
            guard topology.connector(named: route.connector) != nil,
                let until = connectors.notReached(
                    route.connector, route.nextHop, hasOneNextHop: route.isOnlyNextHop, reply,
                    firstPause: queue.policy(of: route).retry.glitch, now: .now())
            else { return }
            log.warning(
                "connector is down",
                metadata: ["connector": "\(route.connector)", "tried_again_at": "\(until)", "reply": "\(reply)"])
            if let trouble = connectors.troubles[route.connector] {
                queue.remember(
                    UnreachableHop(
                        route: route, since: trouble.since, until: until, failures: UInt32(clamping: trouble.failures),
                        lastError: "\(reply)"))
            }
            // What waits for it may have another way now.
            if mayHaveOtherWay(route.connector) { queue.resumeNextHops(of: route.connector) }
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(until - .now())) { [weak self] in self?.tryConnectorsAgain(until) }
        }
    }

    /// What was out of reach when an earlier start ended still is, as far as anybody knows: before the queue begins.
    func restore(_ known: [UnreachableHop]) {
        // What the configuration does not have any more is decided about again, at once.
        let known = known.filter { carries($0.route) }
        queue.restore(known)
        let now = Timestamp.now()
        for hop in known where hop.until > now && topology.connector(named: hop.route.connector) != nil {
            connectors.restore(
                hop, hasOneNextHop: hop.route.isOnlyNextHop, firstPause: queue.policy(of: hop.route).retry.glitch)
        }
        for (connector, trouble) in connectors.troubles {
            guard let until = trouble.downUntil else { continue }
            if mayHaveOtherWay(connector) { queue.resumeNextHops(of: connector) }
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(until - now)) { [weak self] in self?.tryConnectorsAgain(until) }
        }
    }

    /// When something of a connector that has not been reached is tried again; nil: now, or with its next message.
    func triedAgain(_ connector: String) -> Timestamp? {
        let paused = queue.unreachableHops.lazy.filter { $0.route.connector == connector }.map(\.until).min()
        // Where there are other ways, its next hops are not left alone longer than it is down itself.
        guard rivals[connector] != nil, let down = connectors.troubles[connector]?.downUntil else { return paused }
        return min(paused ?? down, down)
    }

    /// - Parameter due: what the timer stood for. A wall clock that was set back meanwhile leaves no connector down for good.
    private func tryConnectorsAgain(_ due: Timestamp) {
        for connector in connectors.tryAgain(now: max(.now(), due)) {
            log.info("connector is tried again", metadata: ["connector": "\(connector)"])
            if rivals[connector] != nil { queue.resumeNextHops(of: connector) }
        }
    }

    func isDown(_ connector: String) -> Bool { connectors.states.down.contains(connector) }

    /// Whether a connector is down while another that covers some of the same domains is not.
    func mayHaveOtherWay(_ connector: String) -> Bool {
        isDown(connector) && rivals[connector]?.contains { !isDown($0) } == true
    }

    /// Whether a recipient that waits is decided about again before it is tried: the configuration has changed since, or its connector is
    /// down while there are others. Where all are down, it waits for the first.
    func isDoubtful(_ route: Route, receivedAt: Timestamp) -> Bool {
        !carries(route) || receivedAt < reconfiguredAt || (isDown(route.connector) && rivals[route.connector] != nil)
    }
}

extension Topology {
    /// The revision as the queue remembers it.
    var revisionNumber: Int64 { Int64(bitPattern: UInt64(revision, radix: 16) ?? 0) }

    /// For each connector that shares an address space with others, these: its mail may have another way.
    var rivals: [String: Set<String>] {
        var byPattern: [AddressSpace.Pattern: Set<String>] = [:]
        for connector in connectors {
            for space in connector.addressSpaces { byPattern[space.pattern, default: []].insert(connector.name) }
        }
        var rivals: [String: Set<String>] = [:]
        for names in byPattern.values where names.count > 1 {
            for name in names { rivals[name, default: []].formUnion(names.subtracting([name])) }
        }
        return rivals
    }
}

extension Route {
    /// Whether all that its connector carries goes to this next hop.
    var isOnlyNextHop: Bool {
        switch NextHop(parsing: nextHop) {
        case .smartHosts, .lmtp, .maildir: true
        default: false
        }
    }
}
