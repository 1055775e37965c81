import MailVocabulary
import Topology

/// Rule 1: ours or not, and where an address of ours leads.
extension DecisionCourse {
    /// An address in a domain that is an alias is the same address in the domain that it is an alias of. Once, and before anything else is asked.
    mutating func replaceDomain() {
        guard recipient != facts.recipient, let name = facts.recipient.domain.name else { return }
        trace.append(.domainReplaced(facts.recipient, by: recipient), at: table.domainAliases[name]?.location)
    }

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
        if let known = answer.known, known.isCatchAll {
            // Who is the postmaster is found before the catch-all.
            if let postmaster = table.postmaster, isForPostmaster, postmaster.address != recipient {
                return try follow(postmaster, from: domain, directory)
            }
            trace.append(.caughtAll(recipient, by: known.steps[0].address))
        }
        switch answer {
        case .known(let known):
            guard try mayBeWrittenTo(recipient, directory) else { return }
            try follow(known, in: domain, directory)
        case .arranged(let found):
            guard try mayBeWrittenTo(recipient, directory) else { return }
            try follow(found, in: domain, directory)
        case .unknown where domain.isShared, .nobodyYet where domain.isShared:
            guard try mayBeWrittenTo(recipient, directory) else { return }
            try continueElsewhere(recipient, in: domain, directory)
        case .unknown, .nobodyYet:
            if let postmaster = table.postmaster, isForPostmaster, postmaster.address != recipient {
                try follow(postmaster, from: domain, directory)
            } else {
                refuse(recipient, answer, in: domain)
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

    /// - Parameter naming: the entries of `permissions.receive` that name the address; nil: they are looked up.
    mutating func decideOursAgain<D: RoutingDirectory>(
        _ address: EmailAddress, _ answer: DirectoryAnswer, in domain: OurDomain, naming: [ReceiveIndex.Naming]? = nil, _ directory: D
    ) throws(D.Failure) {
        // A final address is what it is by itself: a catch-all was followed before.
        let isKnown = answer.known.map { !$0.isCatchAll } ?? false
        guard isKnown || domain.isShared else { return refuse(address, answer, in: domain) }
        guard try mayBeWrittenTo(address, naming: naming, directory) else { return }
        if isKnown {
            trace.append(.mailbox(address))
            try route(address, directory)
        } else {
            try continueElsewhere(address, in: domain, directory)
        }
    }

    mutating func follow<D: RoutingDirectory>(_ known: KnownRecipient, in domain: OurDomain, _ directory: D) throws(D.Failure) {
        let isOne = known.mailboxes.count + known.outside.count < 2
        try follow(known, isOne ? nil : Destinations(known, by: table, directory: directory), in: domain, directory)
    }

    /// - Parameter found: by this table or an earlier one.
    mutating func follow<D: RoutingDirectory>(_ found: Destinations, in domain: OurDomain, _ directory: D) throws(D.Failure) {
        let current = found.table === table ? found : try Destinations(found.known, by: table, directory: directory)
        try follow(current.known, current, in: domain, directory)
    }

    /// - Parameter destinations: of the same recipient; nil where it has no more than one final address.
    mutating func follow<D: RoutingDirectory>(
        _ known: KnownRecipient, _ destinations: Destinations?, in domain: OurDomain, _ directory: D
    ) throws(D.Failure) {
        for step in known.steps { trace.append(.followed(step)) }
        for problem in known.problems { trace.append(.leftOut(problem)) }
        if let destinations {
            try reachAll(destinations, .recipient, directory)
        } else {
            for address in known.mailboxes {
                let standing = Destinations.standing(of: address, isMailbox: true, table)
                try reach(Destinations.Target(address: address, via: nil, standing: standing, naming: nil), .recipient, directory)
            }
            for outside in known.outside {
                let standing = Destinations.standing(of: outside.address, isMailbox: false, table)
                let target = Destinations.Target(address: outside.address, via: outside.via, standing: standing, naming: nil)
                try reach(target, .recipient, directory)
            }
        }
        guard routes.isEmpty else { return }
        if let refusal {
            if trace.last(1).first?.outcome == .leftOut { trace.append(.nobodyLeft(recipient), refusal: refusal) }
        } else {
            refuse(.leadsToNobody(recipient), domain.leadsToNobody)
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
    private mutating func mayBeWrittenTo<D: RoutingDirectory>(
        _ address: EmailAddress, naming: [ReceiveIndex.Naming]? = nil, _ directory: D
    ) throws(D.Failure) -> Bool {
        if table.receive.entries.isEmpty || facts.origin == .system || isForPostmaster { return true }
        guard let (entry, principal) = try closedEntry(for: address, naming, directory) else {
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
    mutating func isClosed<D: RoutingDirectory>(
        _ address: EmailAddress, _ naming: [ReceiveIndex.Naming]?, _ directory: D
    ) throws(D.Failure) -> Bool {
        // The address written to was asked for already.
        if table.receive.entries.isEmpty || facts.origin == .system || address == recipient || isForPostmaster { return false }
        let recipient = recipient
        guard let (entry, principal) = try closedEntry(for: address, naming, directory) else { return false }
        refuse(
            .memberMayNotBeWrittenTo(address, by: principal, from: entry.sendersText), entry.refusal, at: principal.location,
            words: Refusal(
                550, "5.7.1", "You may not write to \(recipient): it takes mail from certain senders only", entry.refusal.code))
        return true
    }

    private mutating func closedEntry<D: RoutingDirectory>(
        for address: EmailAddress, _ naming: [ReceiveIndex.Naming]?, _ directory: D
    ) throws(D.Failure) -> (ReceiveIndex.Entry, Principal)? {
        let closed: [Int]
        if let closedEntries {
            closed = closedEntries
        } else {
            var found: [Int] = []
            for (index, entry) in table.receive.entries.enumerated() where try !admitsSender(entry, directory) { found.append(index) }
            closed = found
            closedEntries = found
        }
        if closed.isEmpty { return nil }
        let known = if let naming { naming } else { try table.receive.naming(of: address, table, directory) }
        return known.first { closed.contains($0.entry) }.map { (table.receive.entries[$0.entry], $0.principal) }
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
