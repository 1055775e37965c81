import MailVocabulary
import Topology

/// Rule 1: ours or not, and where an address of ours leads.
extension DecisionCourse {
    mutating func findStanding(of address: EmailAddress) -> OurDomain? {
        guard let domain = table.ourDomain(address.domain) else {
            trace.append(.notOurs(address.domain))
            return nil
        }
        trace.append(.ours(domain.name, isShared: domain.isShared), at: domain.location)
        return domain
    }

    mutating func decideOurs<D: RoutingDirectory>(
        _ answer: DirectoryAnswer, in domain: OurDomain, _ directory: D
    ) throws(D.Failure) {
        switch answer {
        case .known(let known):
            guard try mayBeWrittenTo(facts.recipient, directory) else { return }
            try follow(known, in: domain, directory)
        case .unknown where domain.isShared, .nobodyYet where domain.isShared:
            guard try mayBeWrittenTo(facts.recipient, directory) else { return }
            try continueElsewhere(facts.recipient, in: domain, directory)
        case .unknown, .nobodyYet:
            if let postmaster = table.postmaster, isForPostmaster, postmaster.address != facts.recipient {
                try follow(postmaster, from: domain, directory)
            } else {
                refuse(facts.recipient, answer, in: domain)
            }
        }
    }

    /// An address of an authoritative domain that the directory has not. Missing data is no fact: a directory that never had anybody does
    /// not make a stranger of everybody.
    mutating func refuse(_ address: EmailAddress, _ answer: DirectoryAnswer, in domain: OurDomain) {
        if answer == .nobodyYet {
            refuse(.nobodyYet(address), domain.nobodyYet)
        } else {
            refuse(.unknown(address), domain.recipientUnknown)
        }
    }

    mutating func decideOursAgain<D: RoutingDirectory>(
        _ address: EmailAddress, _ answer: DirectoryAnswer, in domain: OurDomain, _ directory: D
    ) throws(D.Failure) {
        let isKnown = if case .known = answer { true } else { false }
        guard isKnown || domain.isShared else { return refuse(address, answer, in: domain) }
        guard try mayBeWrittenTo(address, directory) else { return }
        if isKnown {
            trace.append(.mailbox(address))
            try route(address, directory)
        } else {
            try continueElsewhere(address, in: domain, directory)
        }
    }

    mutating func follow<D: RoutingDirectory>(
        _ known: KnownRecipient, in domain: OurDomain, _ directory: D
    ) throws(D.Failure) {
        for step in known.steps { trace.append(.followed(step)) }
        for problem in known.problems { trace.append(.leftOut(problem)) }
        for address in known.mailboxes {
            guard table.ourDomain(address.domain) != nil else {
                // A mailbox left over from a domain that is ours no more: its mail would leave over the general route.
                trace.append(.leftOut("the domain of \(address) is no longer ours"))
                continue
            }
            if try isClosed(address, directory) { continue }
            trace.append(.mailbox(address))
            try route(address, directory)
        }
        for outside in known.outside {
            guard let domain = table.ourDomain(outside.address.domain) else {
                trace.append(.forwarded(outside))
                try route(outside.address, directory)
                continue
            }
            guard domain.isShared else {
                trace.append(.leftOut("\(outside.via) leads to \(outside.address), which does not exist"), at: domain.location)
                continue
            }
            if try isClosed(outside.address, directory) { continue }
            try continueElsewhere(outside.address, in: domain, directory)
        }
        guard routes.isEmpty else { return }
        if let refusal {
            if trace.steps.last?.outcome == .leftOut { trace.append(.nobodyLeft(facts.recipient), refusal: refusal) }
        } else {
            refuse(.leadsToNobody(facts.recipient), domain.leadsToNobody)
        }
    }

    /// In a shared domain and not in the directory: E06, or rule 3.
    mutating func continueElsewhere<D: RoutingDirectory>(
        _ address: EmailAddress, in domain: OurDomain, _ directory: D
    ) throws(D.Failure) {
        guard let host = domain.unknownTo else {
            trace.append(.continuesElsewhere(address), at: domain.location)
            return try route(address, directory)
        }
        let nextHop = NextHop.unknownTo(domain.name)
        trace.append(.continuesAt(address, host, nextHop), at: host.location)
        take(RoutedRecipient(address: address, original: facts.recipient, connector: "", nextHop: nextHop))
    }

    // MARK: S33

    /// Refuses where the address written to takes no mail from this sender.
    private mutating func mayBeWrittenTo<D: RoutingDirectory>(_ address: EmailAddress, _ directory: D) throws(D.Failure) -> Bool {
        if table.receive.entries.isEmpty || facts.origin == .system || isForPostmaster { return true }
        guard let (entry, principal) = try closedEntry(for: address, directory) else {
            trace.append(.mayBeWrittenTo(address))
            return true
        }
        refuse(
            .mayNotBeWrittenTo(address, by: principal, from: entry.sendersText), entry.refusal, at: principal.location,
            words: Refusal(
                550, "5.7.1", "You may not write to \(address): it takes mail from certain senders only", entry.refusal.code))
        return false
    }

    /// Leaves a target of an alias or group out that takes no mail from this sender.
    private mutating func isClosed<D: RoutingDirectory>(_ address: EmailAddress, _ directory: D) throws(D.Failure) -> Bool {
        // The address written to was asked for already.
        if table.receive.entries.isEmpty || facts.origin == .system || address == facts.recipient || isForPostmaster { return false }
        let recipient = facts.recipient
        guard let (entry, principal) = try closedEntry(for: address, directory) else { return false }
        refuse(
            .memberMayNotBeWrittenTo(address, by: principal, from: entry.sendersText), entry.refusal, at: principal.location,
            words: Refusal(
                550, "5.7.1", "You may not write to \(recipient): it takes mail from certain senders only", entry.refusal.code))
        return true
    }

    private mutating func closedEntry<D: RoutingDirectory>(
        for address: EmailAddress, _ directory: D
    ) throws(D.Failure) -> (ReceiveIndex.Entry, Principal)? {
        let closed: [ReceiveIndex.Entry]
        if let closedEntries {
            closed = closedEntries
        } else {
            var found: [ReceiveIndex.Entry] = []
            for entry in table.receive.entries where try !admitsSender(entry, directory) { found.append(entry) }
            closed = found
            closedEntries = found
        }
        if closed.isEmpty { return nil }
        var person = Person(address)
        guard try person.match(in: table.receive.everyRecipient, table, directory) != nil else { return nil }
        for entry in closed {
            if let principal = try person.match(in: entry.recipients, table, directory) { return (entry, principal) }
        }
        return nil
    }

    /// A list matches the authenticated account only: a reverse-path proves nothing.
    private mutating func admitsSender<D: RoutingDirectory>(_ entry: ReceiveIndex.Entry, _ directory: D) throws(D.Failure) -> Bool {
        guard account != nil else { return false }
        switch entry.senders {
        case .authenticated: return true
        case .listed(let list): return try account?.match(in: list, table, directory) != nil
        }
    }
}
