import MailVocabulary
import Routing
import Topology

/// One configuration, asked about classes of mail.
struct ClassDecisions {
    let topology: Topology
    let table: RoutingTable
    let now: Timestamp
    /// Of `meaning(at:of:)`.
    let everywhere: [String]
    let carriers: [String: String]

    init(_ topology: Topology, now: Timestamp) {
        (self.topology, self.now) = (topology, now)
        table = RoutingTable(topology)
        (everywhere, carriers) = (Self.everywhere(topology), Self.carriers(topology))
    }

    /// What becomes of a class of mail.
    ///
    /// - Parameter turns: messages that begin with another one of equal connectors each.
    /// - Returns: nil where there can be no such session: no such server, or nobody logs in at it.
    func outcome(
        at server: String, _ client: ClientClasses.Client, _ person: SenderClasses.Person, _ recipient: RecipientClasses.Recipient,
        _ nature: ContentClasses.Nature, turns: [QueueID]
    ) -> ClassOutcome? {
        guard let server = topology.virtualServer(named: server), !server.isEdge || person.account == nil else { return nil }
        let directory = ClassDirectory(recipient: recipient, sender: person)
        let origin: MailOrigin =
            if server.isEdge {
                .edge(EdgeSession(virtualServer: server.name, clientAddress: client.address, confirmedHostName: client.name))
            } else {
                .submission(
                    SubmissionSession(
                        virtualServer: server.name, clientAddress: client.address, confirmedHostName: client.name, account: person.account))
            }
        return ClassOutcome(
            turns: turns.map { message in
                let facts = RecipientFacts(
                    origin: origin, reversePath: .address(person.address), recipient: recipient.address, size: nature.size,
                    priority: nature.priority, isAutomatic: nature.isAutomatic, message: message, time: now)
                return turn(facts, recipient, directory)
            })
    }

    /// Where it goes, and where it goes while that connector is down, and so on: which connectors forbid it does not depend on which are down, so
    /// this order says what becomes of it whatever is down.
    private func turn(_ facts: RecipientFacts, _ recipient: RecipientClasses.Recipient, _ directory: ClassDirectory) -> ClassOutcome.Turn {
        var states = ConnectorStates()
        var ways: [ClassOutcome.Way] = []
        var traces: [DecisionTrace] = []
        while true {
            let decision = table.decide(facts, states: states, directory: directory)
            guard let route = decision.routes.first else {
                traces.append(decision.trace)
                return ClassOutcome.Turn(ways: ways, refusal: ways.isEmpty ? decision.refusal : nil, traces: traces)
            }
            // Where all are down the mail waits for the first.
            if states.down.contains(route.connector) { return ClassOutcome.Turn(ways: ways, refusal: nil, traces: traces) }
            traces.append(decision.trace)
            ways.append(ClassOutcome.Way(connector: route.connector, nextHop: route.nextHop))
            let candidates = recipient.routed.map { table.candidates(covering: $0).count }.max() ?? 0
            if route.connector.isEmpty || candidates < 2 { return ClassOutcome.Turn(ways: ways, refusal: nil, traces: traces) }
            states.down.insert(route.connector)
        }
    }
}

/// Messages that between them begin with each of several equal connectors, whatever part of these may carry them.
enum Turns {
    /// More turns are not gone through: ten equal connectors and more are looked at by as many messages, not by all turns that there are.
    static let most = 60

    /// - Parameter most: so many connectors of equal cost, at most.
    static func messages(equals: Int) -> [QueueID] {
        let period = (1...max(1, min(equals, 6))).reduce(1) { $0 / gcd($0, $1) * $1 }
        if equals > 6 || period > Turns.most { return known[Turns.most] ?? [] }
        return known[period] ?? []
    }

    /// By the period: a message for each remainder, the first of which is that of `postern explain`.
    private static let known: [Int: [QueueID]] = Dictionary(
        uniqueKeysWithValues: [1, 2, 6, 12, 60].map { period in
            var found: [UInt64: QueueID] = [:]
            var order: [UInt64] = []
            var value: Int64 = 1
            while found.count < period {
                let id = QueueID(value: value)
                let remainder = id.spreadingHash % UInt64(period)
                if found[remainder] == nil {
                    found[remainder] = id
                    order.append(remainder)
                }
                value += 1
            }
            return (period, order.compactMap { found[$0] })
        })

    private static func gcd(_ one: Int, _ other: Int) -> Int { other == 0 ? one : gcd(other, one % other) }
}
