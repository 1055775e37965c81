import MailVocabulary
import Topology

/// Rule 2: relay, for a recipient that is not ours.
extension DecisionCourse {
    mutating func decideForeign<D: RoutingDirectory>(_ address: EmailAddress, _ directory: D) throws(D.Failure) {
        switch facts.origin {
        case .system:
            trace.append(.ownReport)
            try route(address, directory)
        case .edge(let session):
            // Only (a) can hold: an edge session has neither account nor relay list.
            let server = table.servers[session.virtualServer]
            let rule = server?.relayDenied ?? ServerRules.relayDenied(by: session.virtualServer, at: nil, in: table.installation)
            try relayOverOpenConnectors(address, rule, directory)
        case .submission(let session):
            let server = table.servers[session.virtualServer]
            var rule = server?.relayDenied ?? ServerRules.relayDenied(by: session.virtualServer, at: nil, in: table.installation)
            if let submission = server?.submission {
                switch try accountMayRelay(submission, directory) {
                case .permitted: return try route(address, directory)
                case .denied: rule = submission.accountDenied
                case .notPermitted: break
                }
                if computerMayRelay(session, submission) { return try route(address, directory) }
            } else {
                trace.append(.noSuchServer(session.virtualServer))
            }
            try relayOverOpenConnectors(address, rule, directory)
        }
    }

    private enum AccountStanding {
        case permitted, notPermitted
        /// `deny` says so.
        case denied
    }

    /// (b): accounts.
    private mutating func accountMayRelay<D: RoutingDirectory>(
        _ submission: ServerRules.Submission, _ directory: D
    ) throws(D.Failure) -> AccountStanding {
        guard let address = account?.address else {
            trace.append(.nobodyLoggedIn, at: submission.accountsLocation)
            return .notPermitted
        }
        switch submission.accounts {
        case .all:
            trace.append(.accountMayRelay(address, by: nil), at: submission.accountsLocation)
            return .permitted
        case .none:
            trace.append(.accountMayNotRelay(address, denied: nil), at: submission.accountsLocation)
            return .notPermitted
        case .listed(let grant, let deny):
            if let denied = try account?.match(in: deny, table, directory) {
                trace.append(.accountMayNotRelay(address, denied: denied), at: denied.location)
                return .denied
            }
            if let granted = try account?.match(in: grant, table, directory) {
                trace.append(.accountMayRelay(address, by: granted), at: granted.location)
                return .permitted
            }
            trace.append(.accountMayNotRelay(address, denied: nil), at: submission.accountsLocation)
            return .notPermitted
        }
    }

    /// (c): computers.
    private mutating func computerMayRelay(_ session: SubmissionSession, _ submission: ServerRules.Submission) -> Bool {
        let computers = submission.computers
        let entry = computers.match(session.clientAddress, hostName: session.confirmedHostName)
        let isChosen = (entry != nil) != computers.isAllExcept
        let location = entry?.location ?? submission.computersLocation
        guard isChosen else {
            trace.append(.computerMayNotRelay(session.clientAddress, session.confirmedHostName, by: entry), at: location)
            return false
        }
        guard session.account != nil || submission.isAnonymous else {
            trace.append(.computerNeedsLogin(session.clientAddress), at: location)
            return false
        }
        trace.append(.computerMayRelay(session.clientAddress, session.confirmedHostName, by: entry), at: location)
        return true
    }

    /// (a): connectors with `relay: true`; where only this holds, only they may carry it.
    private mutating func relayOverOpenConnectors<D: RoutingDirectory>(
        _ address: EmailAddress, _ rule: RoutingRule, _ directory: D
    ) throws(D.Failure) {
        let space = table.spaces.mostSpecific(for: address.domain)
        let open = space?.candidates.filter { table.carriers[$0.connector].isOpenRelay } ?? []
        guard let space, let first = open.first else {
            let covering = space?.candidates.first
            let isEdge: Bool
            if case .edge = facts.origin { isEdge = true } else { isEdge = false }
            return refuse(
                .relayDenied(covering: space?.names ?? [], isEdge: isEdge), rule,
                at: covering.map { table.carriers[$0.connector].location } ?? rule.location,
                words: Refusal(
                    550, "5.7.1", "Relaying denied: you may not send to \(address.domain), which is none of our domains", rule.code))
        }
        let names = open.map { table.carriers[$0.connector].name }
        trace.append(.relayPermitted(connectors: names), at: table.carriers[first.connector].relayLocation)
        try choose(among: open, named: names, of: space, for: address, directory)
    }
}
