import MailVocabulary
import Topology

/// A decision under way.
struct DecisionCourse {
    private let table: RoutingTable
    private let facts: RecipientFacts
    private let states: ConnectorStates
    var trace = DecisionTrace()
    private(set) var routes: [RoutedRecipient] = []
    private var refusal: Reply?

    init(table: RoutingTable, facts: RecipientFacts, states: ConnectorStates) {
        (self.table, self.facts, self.states) = (table, facts, states)
    }

    /// A recipient with at least one route is accepted; what its other targets met is in the trace.
    var decision: Decision {
        // Each course ends in a route or a refusal, so the reply behind `??` is never used.
        let outcome = routes.isEmpty ? Decision.Outcome.refuse(refusal ?? Refusal.expansionProblem) : .deliver(routes)
        return Decision(outcome: outcome, trace: trace)
    }

    // MARK: Rule 1

    mutating func findStanding(of address: EmailAddress) -> ReceivingDomain? {
        guard let name = address.domain.name, let domain = table.domains[name] else {
            trace.append(.notOurs(address.domain))
            return nil
        }
        trace.append(.ours(name, isShared: domain.isShared), at: domain.location)
        return domain
    }

    mutating func decideOurs(_ answer: DirectoryAnswer, in domain: ReceivingDomain) {
        switch answer {
        case .known(let known): follow(known)
        case .unknown where domain.isShared:
            trace.append(.continuesElsewhere(facts.recipient), at: domain.location)
            route(facts.recipient)
        case .unknown: refuse(.unknown(facts.recipient), Refusal.recipientUnknown, at: domain.location)
        }
    }

    mutating func decideOursAgain(_ address: EmailAddress, isKnown: Bool, in domain: ReceivingDomain) {
        if isKnown {
            trace.append(.mailbox(address))
        } else if domain.isShared {
            trace.append(.continuesElsewhere(address), at: domain.location)
        } else {
            return refuse(.unknown(address), Refusal.recipientUnknown, at: domain.location)
        }
        route(address)
    }

    private mutating func follow(_ known: KnownRecipient) {
        for step in known.steps { trace.append(.followed(step)) }
        for problem in known.problems { trace.append(.leftOut(problem)) }
        for address in known.mailboxes {
            guard table.ourDomain(address.domain) != nil else {
                // A mailbox left over from a domain that is ours no more: its mail would leave over the general route.
                trace.append(.leftOut("the domain of \(address) is no longer ours"))
                continue
            }
            trace.append(.mailbox(address))
            route(address)
        }
        for outside in known.outside {
            if let domain = table.ourDomain(outside.address.domain) {
                guard domain.isShared else {
                    trace.append(.leftOut("\(outside.via) leads to \(outside.address), which does not exist"), at: domain.location)
                    continue
                }
                trace.append(.continuesElsewhere(outside.address), at: domain.location)
            } else {
                trace.append(.forwarded(outside))
            }
            route(outside.address)
        }
        if routes.isEmpty, refusal == nil { refuse(.leadsToNobody(facts.recipient), Refusal.expansionProblem, at: nil) }
    }

    // MARK: Rule 2

    mutating func decideForeign() { decideForeign(facts.recipient) }

    mutating func decideForeign(_ address: EmailAddress) {
        switch facts.origin {
        case .system:
            trace.append(.ownReport)
            route(address)
        case .edge:
            // Only (a) can hold: an edge session has neither account nor relay list.
            let space = table.spaces.mostSpecific(for: address.domain)
            let open = space?.candidates.filter { table.carriers[$0.connector].isOpenRelay } ?? []
            guard let space, let first = open.first else {
                let covering = space?.candidates ?? []
                let location = covering.first.flatMap { table.carriers[$0.connector].location }
                return refuse(.relayDenied(covering: names(of: covering)), Refusal.relayingDenied, at: location)
            }
            trace.append(.relayPermitted(connectors: names(of: open)), at: table.carriers[first.connector].relayLocation)
            choose(among: open, of: space, for: address)
        }
    }

    // MARK: Rules 3 and 6

    mutating func route(_ address: EmailAddress) {
        guard let space = table.spaces.mostSpecific(for: address.domain) else {
            return refuse(.notCovered(address.domain), Refusal.noRoute, at: nil)
        }
        choose(among: space.candidates, of: space, for: address)
    }

    /// The first refusal stands: it is what the sender hears where no target is left.
    private mutating func refuse(_ finding: DecisionStep.Finding, _ reply: Reply, at location: SourceLocation?) {
        trace.append(finding, at: location)
        refusal = refusal ?? reply
    }

    // MARK: Rule 5

    /// - Parameter candidates: one or more, lowest cost first.
    private mutating func choose(
        among candidates: [AddressSpaceIndex.Candidate], of space: AddressSpaceIndex.Space, for address: EmailAddress
    ) {
        trace.append(.covered(address.domain, space: space.text, connectors: names(of: candidates)), at: candidates[0].location)
        let (order, equals) = spread(candidates)
        var choice = DecisionStep.Choice.only
        if equals > 1 {
            choice = .spread(among: equals)
        } else if order.count > 1 {
            choice = .lowestCost(order[0].cost)
        }
        for candidate in order {
            let carrier = table.carriers[candidate.connector]
            if states.down.contains(carrier.name) {
                trace.append(.down(connector: carrier.name), at: carrier.location)
                choice = .nextInOrder
            } else {
                return take(carrier, choice, for: address)
            }
        }
        let first = table.carriers[order[0].connector]
        trace.append(.allDown(waitsFor: first.name), at: first.location)
        take(first, equals > 1 ? .spread(among: equals) : order.count > 1 ? .lowestCost(order[0].cost) : .only, for: address)
    }

    private mutating func take(_ carrier: RoutingTable.Carrier, _ choice: DecisionStep.Choice, for address: EmailAddress) {
        let nextHop: NextHop
        switch (carrier.delivery, address.domain) {
        case (.fixed(let hop), _): nextHop = hop
        case (.dns, .name(let name)): nextHop = .domain(name)
        case (.dns, .literal(let literal)): nextHop = .address(literal)
        }
        trace.append(.chosen(connector: carrier.name, choice, nextHop), at: carrier.location)
        routes.append(RoutedRecipient(address: address, original: facts.recipient, connector: carrier.name, nextHop: nextHop))
    }

    /// The order in which connectors are tried: by cost, and equals turned by the hash of the message id.
    /// - Returns: the order, and how many have the lowest cost.
    private func spread(_ candidates: [AddressSpaceIndex.Candidate]) -> (order: [AddressSpaceIndex.Candidate], equals: Int) {
        guard candidates.count > 1 else { return (candidates, 1) }
        var order: [AddressSpaceIndex.Candidate] = []
        order.reserveCapacity(candidates.count)
        var start = 0
        var equals = 0
        while start < candidates.count {
            let end = candidates[start...].firstIndex { $0.cost != candidates[start].cost } ?? candidates.count
            if start == 0 { equals = end }
            let turn = Int(facts.message.spreadingHash % UInt64(end - start))
            order += candidates[(start + turn)..<end]
            order += candidates[start..<(start + turn)]
            start = end
        }
        return (order, equals)
    }

    private func names(of candidates: [AddressSpaceIndex.Candidate]) -> [String] {
        candidates.map { table.carriers[$0.connector].name }
    }
}

extension QueueID {
    /// The same in every process and at every time (a `Hasher` is seeded anew at each start): the finaliser of SplitMix64.
    fileprivate var spreadingHash: UInt64 {
        var word = UInt64(bitPattern: value)
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
