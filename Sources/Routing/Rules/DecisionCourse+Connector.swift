import MailVocabulary
import Topology

/// Rules 3 to 6: which connector carries it.
extension DecisionCourse {
    mutating func route<D: RoutingDirectory>(_ address: EmailAddress, _ directory: D) throws(D.Failure) {
        guard let space = table.spaces.mostSpecific(for: address.domain) else {
            return refuse(.notCovered(address.domain), table.noRoute)
        }
        try choose(among: space.candidates, named: space.names, of: space, for: address, directory)
    }

    /// - Parameter candidates: one or more, lowest cost first.
    mutating func choose<D: RoutingDirectory>(
        among candidates: [AddressSpaceIndex.Candidate], named names: [String], of space: AddressSpaceIndex.Space,
        for address: EmailAddress, _ directory: D
    ) throws(D.Failure) {
        trace.append(.covered(address.domain, space: space.text, connectors: names), at: candidates[0].location)
        let (order, equals) = spread(candidates)
        var choice = DecisionStep.Choice.only
        if equals > 1 {
            choice = .spread(among: equals)
        } else if order.count > 1 {
            choice = .lowestCost(order[0].cost)
        }
        /// The first that may carry it, and is down.
        var waiting: (carrier: Carrier, choice: DecisionStep.Choice)?
        var forbidden: (rule: RoutingRule, reason: DecisionStep.Forbidden, isForSize: Bool)?
        for candidate in order {
            let carrier = table.carriers[candidate.connector]
            if let (rule, reason) = try whyForbidden(carrier, directory) {
                let isForSize = reason.isForSize
                // Size is the reason only where nothing else is.
                if forbidden == nil || (forbidden?.isForSize == true && !isForSize) { forbidden = (rule, reason, isForSize) }
                choice = .nextInOrder
            } else if states.down.contains(carrier.name) {
                trace.append(.down(connector: carrier.name), at: carrier.location)
                if waiting == nil { waiting = (carrier, choice) }
                choice = .nextInOrder
            } else {
                return carry(carrier, choice, for: address)
            }
        }
        if let waiting {
            trace.append(.allDown(waitsFor: waiting.carrier.name), at: waiting.carrier.location)
            return carry(waiting.carrier, waiting.choice, for: address)
        }
        guard let forbidden else { return refuse(.notCovered(address.domain), table.noRoute) }
        refuse(
            .allForbid(address.domain, isForSize: forbidden.isForSize), forbidden.rule,
            words: Self.words(forbidden.reason, forbidden.rule, address.domain))
    }

    // MARK: Rule 4

    /// Who may send over it, then what it carries.
    private mutating func whyForbidden<D: RoutingDirectory>(
        _ carrier: Carrier, _ directory: D
    ) throws(D.Failure) -> (RoutingRule, DecisionStep.Forbidden)? {
        guard let limits = carrier.guard else { return nil }
        if limits.restrictsSenders, let same = limits.sameRestrictions {
            trace.append(.sameRestrictions(connector: carrier.name, as: same.connector), at: same.location)
        }
        if limits.restrictsSenders, facts.origin == .system {
            trace.append(.reportPasses(connector: carrier.name), at: limits.restrictionsLocation)
        } else if limits.restrictsSenders {
            if let rejected = try rejectedSender(limits, directory) {
                trace.append(.forbidden(connector: carrier.name, .rejected(rejected)), at: rejected.location)
                return (limits.rejected, .rejected(rejected))
            }
            if limits.byDefault == .reject {
                guard let accepted = try account?.match(in: limits.acceptFrom, table, directory) else {
                    trace.append(.forbidden(connector: carrier.name, .notAccepted), at: limits.restrictionsLocation)
                    return (limits.notAccepted, .notAccepted)
                }
                trace.append(.accepted(connector: carrier.name, by: accepted), at: accepted.location)
            } else {
                trace.append(.accepted(connector: carrier.name, by: nil), at: limits.restrictionsLocation)
            }
        }
        guard limits.restrictsContent, let (rule, reason) = contentForbidden(limits) else { return nil }
        if let same = limits.sameContent { trace.append(.sameContent(connector: carrier.name, as: same.connector), at: same.location) }
        trace.append(.forbidden(connector: carrier.name, reason), at: limits.contentLocation)
        return (rule, reason)
    }

    /// The account, or, where there is none, the reverse-path.
    private mutating func rejectedSender<D: RoutingDirectory>(_ limits: Carrier.Guard, _ directory: D) throws(D.Failure) -> Principal? {
        if limits.rejectFrom.isEmpty { return nil }
        if account != nil { return try account?.match(in: limits.rejectFrom, table, directory) }
        if anonymousSender == nil { anonymousSender = facts.reversePath.address.map { Person($0) } }
        if let found = try anonymousSender?.match(in: limits.rejectFrom, table, directory) { return found }
        // `user+tag` is `user` as far as rejecting goes, whatever the directory has.
        return facts.reversePath.address.map { table.meant(by: $0) }?.withoutSubaddress.flatMap { limits.rejectFrom.named(AddressKey($0)) }
    }

    /// What is not known yet forbids nothing. Size comes last, since it is the only reason where it stands alone.
    private func contentForbidden(_ limits: Carrier.Guard) -> (RoutingRule, DecisionStep.Forbidden)? {
        if let priority = facts.priority, !limits.priorities.contains(priority) {
            return (limits.wrongPriority, .priority(priority))
        }
        if let isSystem = facts.isSystem, !limits.types.contains(isSystem ? .system : .nonSystem) {
            return (limits.wrongType, .type(isSystem ? .system : .nonSystem))
        }
        if let maximum = limits.maximumSize, let size = facts.size, size > maximum.bytes {
            return (limits.tooLarge, .size(size, maximum: maximum))
        }
        return nil
    }

    private static func words(_ reason: DecisionStep.Forbidden, _ rule: RoutingRule, _ domain: MailDomain) -> Refusal {
        let code = rule.code
        return switch reason {
        case .rejected(let principal):
            Refusal(550, "5.7.1", "You may not send to \(domain): mail from \(principal) is not carried there", code)
        case .notAccepted: Refusal(550, "5.7.1", "You may not send to \(domain): only certain senders may", code)
        case .size(let size, let maximum):
            Refusal(
                552, "5.3.4",
                "Message of \(ByteCount(max(0, size)).approximately); \(domain) takes at most \(maximum.approximately) (attachments grow by a third)",
                code)
        case .priority(let priority):
            Refusal(550, "5.7.1", "You may not send mail of \(priority.rawValue) priority to \(domain)", code)
        case .type(let type):
            Refusal(550, "5.7.1", "You may not send \(type == .system ? "system" : "ordinary") messages to \(domain)", code)
        }
    }

    // MARK: Rule 5

    private mutating func carry(_ carrier: Carrier, _ choice: DecisionStep.Choice, for address: EmailAddress) {
        let nextHop = carrier.nextHop(for: address.domain)
        trace.append(.chosen(connector: carrier.name, choice, nextHop), at: carrier.location)
        take(
            RoutedRecipient(
                address: address, original: facts.recipient, connector: carrier.name, nextHop: nextHop, hold: hold(by: carrier)))
    }

    /// What a schedule says (E14): a closed one is to hold mail, and never reroutes it. Nothing follows it yet, and the trace says so.
    private mutating func hold(by carrier: Carrier) -> RoutedRecipient.Hold? {
        guard let schedule = carrier.schedule else { return nil }
        let hold: RoutedRecipient.Hold
        switch schedule.state(at: WeekClock(facts.time, utcOffset: facts.utcOffset), size: facts.size) {
        case .open:
            trace.append(.scheduleOpen(connector: carrier.name), at: schedule.location)
            return nil
        case .closed(let seconds): hold = .until(Timestamp(seconds: facts.time.seconds) + .seconds(seconds))
        case .neverOpens: hold = .untilReconfigured
        }
        trace.append(.held(connector: carrier.name, hold), at: schedule.location)
        return hold
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
}

extension QueueID {
    /// Which of the connectors of equal cost a message begins with, modulo how many there are (rule 5). The same in every process and at every
    /// time (a `Hasher` is seeded anew at each start): the finaliser of SplitMix64.
    public var spreadingHash: UInt64 {
        var word = UInt64(bitPattern: value)
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
