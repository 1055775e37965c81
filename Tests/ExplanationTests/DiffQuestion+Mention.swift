import MailVocabulary
import Routing
import Topology

@testable import Explanation

/// Whether a difference says of an envelope, in words that a reader takes for it, what becomes of it.
extension DiffQuestion {
    func isMentioned(in diff: TopologyDiff, _ sides: [Topology], _ tables: [RoutingTable], before: String?, after: String?) -> Bool {
        if diff.addedServers.contains(server) || diff.removedServers.contains(server) { return true }
        if after == nil || before == nil { return diff.settings.contains { $0.what == "virtual server \(server): role" } }
        if recipient.localPart == "postmaster", diff.settings.contains(where: { $0.what == "postmaster" }) { return true }
        // Whether an alias is looked for at all is a matter of the domain.
        if recipient.localPart == "forward", diff.settings.contains(where: { $0.what == "domain \(recipient.domain)" }) { return true }
        if isSpread(sides, tables), diff.settings.contains(where: { $0.what.hasPrefix("address space") }) { return true }
        return diff.changes.contains { change in
            let relevant = relevantPrincipals(sides, tables, change.recipients)
            guard change.servers.contains(server) else { return false }
            if change.recipients == ["anybody"], let author {
                let mayWrite = after?.contains("You may not send as") == false
                return change.after.outcome.hasPrefix("accepted") == mayWrite
                    && change.senders.contains { $0.hasSuffix(", writing as \(author)") && isSender($0, []) }
            }
            guard Self.isSame(change.after.outcome, after) || !down.isEmpty || isSpread(sides, tables) else { return false }
            let natures = change.nature.isEmpty ? [] : change.nature.split(separator: ", ").map(String.init)
            guard natures.allSatisfy(hasNature) else { return false }
            return change.recipients.contains(where: isRecipient) && change.senders.contains { isClientAndSender($0, relevant, sides) }
        }
    }

    /// Both sentences say the same, but for the addresses in them.
    private static func isSame(_ words: String, _ answer: String?) -> Bool {
        guard let answer else { return words == "nobody can log in there" }
        if answer.hasPrefix("refused: ") { return words.hasPrefix(String(answer.prefix("refused: 550 5.7.1".count))) }
        let connector = answer.split(separator: ",")[0]
        if connector.contains("next hop") { return words.contains("unknown_to") }
        return words.contains(connector.replacing("accepted: ", with: "") + ",")
    }

    /// Whether one of several equal connectors takes it.
    private func isSpread(_ sides: [Topology], _ tables: [RoutingTable]) -> Bool {
        tables.contains { table in
            routed(sides).contains { Dictionary(grouping: table.candidates(covering: $0), by: \.cost).values.contains { $0.count > 1 } }
        }
    }

    // MARK: Recipients

    /// The domains whose connectors it takes.
    private func routed(_ sides: [Topology]) -> [MailDomain] {
        let ours = sides.filter { $0.domains.keys.contains { .name($0) == recipient.domain } }
        if ours.isEmpty { return [recipient.domain] }
        let others = ours.count < sides.count ? [recipient.domain] : []
        switch recipient.localPart {
        case "forward": return others + [forwardTarget.domain]
        case "postmaster": return [recipient.domain] + sides.compactMap { $0.postmaster?.address.domain }
        default: return [recipient.domain]
        }
    }

    private func isRecipient(_ word: String) -> Bool {
        var words = domainWords(recipient.domain)
        if recipient.localPart == "forward" {
            words +=
                domainWords(forwardTarget.domain).map { "an alias for \($0)" } + [
                    "an alias for a name in \(forwardTarget.domain) that nobody has",
                    "an alias in \(recipient.domain) that leads to nobody",
                ]
        }
        if ["absent", "postmaster"].contains(recipient.localPart) { words.append("a name in \(recipient.domain) that nobody has") }
        if recipient.localPart == "postmaster" { words.append("postmaster@\(recipient.domain), where the directory has none") }
        for kind in recipientKinds { words += [PrincipalClasses.word(kind), PrincipalClasses.word(kind) + " in \(recipient.domain)"] }
        return words.contains(word)
    }

    private func domainWords(_ domain: MailDomain) -> [String] {
        ["somebody in \(domain)"]
            + (domain == .name(World.name("sub.partner.test")) ? ["a domain below partner.test"] : []) + ["a domain that nothing names"]
    }

    private func hasNature(_ word: String) -> Bool {
        switch word {
        case "written by a program": return isAutomatic == true
        case "written by a person": return isAutomatic == false
        default: break
        }
        if word.hasPrefix("of ") { return word == "of \(priority?.rawValue ?? "") priority" }
        guard let size else { return false }
        return World.sizes.compactMap { $0 }.contains { word == "larger than \($0)" && size > $0.bytes }
    }

    // MARK: Senders

    /// Whom any list names that is asked about this envelope.
    private func relevantPrincipals(_ sides: [Topology], _ tables: [RoutingTable], _ recipients: [String]) -> Set<Principal.Kind> {
        var found: Set<Principal.Kind> = []
        for (topology, table) in zip(sides, tables) {
            for connector in routed(sides).flatMap({ table.candidates(covering: $0) }) {
                guard let restrictions = topology.connector(named: connector.connector)?.restrictions else { continue }
                found.formUnion((isLoggedIn ? restrictions.acceptFrom : []).map(\.kind) + restrictions.rejectFrom.map(\.kind))
            }
            guard isLoggedIn else { continue }
            if case .listed(let grant, let deny)? = topology.virtualServer(named: server)?.submission?.relay.accounts {
                found.formUnion((grant + deny).map(\.kind))
            }
            for entry in topology.permissions.receive {
                if case .listed(let senders) = entry.senders, entry.recipients.contains(where: { isNamed($0.kind, among: recipients) }) {
                    found.formUnion(senders.map(\.kind))
                }
            }
        }
        return found
    }

    private func isNamed(_ kind: Principal.Kind, among recipients: [String]) -> Bool {
        let word = PrincipalClasses.word(kind)
        return recipientKinds.contains(kind) && recipients.contains { $0 == word || $0.hasPrefix(word + " in ") }
    }

    private func isClientAndSender(_ text: String, _ relevant: Set<Principal.Kind>, _ sides: [Topology]) -> Bool {
        guard let comma = text.firstRange(of: ", ") else { return false }
        return text[..<comma.lowerBound].split(separator: " or ").contains { isClient(String($0), sides) }
            && isSender(String(text[comma.upperBound...]), relevant)
    }

    private func isClient(_ word: String, _ sides: [Topology]) -> Bool {
        let lists = sides.compactMap { $0.virtualServer(named: server)?.submission?.relay.computers }
        func choice(_ address: IPAddress, _ name: DomainName?) -> [Bool] { lists.map { $0.contains(address, hostName: name) } }
        let entries = lists.flatMap(\.entries)
        switch word {
        case "any client": return true
        case "a stranger": return !entries.contains { $0.matches(client, hostName: clientName) }
        default: break
        }
        if word.hasPrefix("a computer of ") {
            return Subnet(parsing: word.dropFirst("a computer of ".count).split(separator: " ")[0])?.contains(client) == true
                && (!word.contains(" named ") || clientName != nil)
        }
        if word.hasPrefix("a computer named ") { return clientName != nil }
        guard let address = IPAddress(parsing: word.dropFirst("a computer at ".count)) else { return false }
        return choice(address, nil) == choice(client, clientName)
    }

    private func isSender(_ words: String, _ relevant: Set<Principal.Kind>) -> Bool {
        let isUnnamed = relevant.isDisjoint(with: principals)
        var text = words.replacing(", writing as office@ours.test", with: "")
        let start = isLoggedIn ? "as " : "nobody logged in, writing as "
        switch text {
        case "any account": return isLoggedIn
        case "any other account": return isLoggedIn && isUnnamed
        case "nobody logged in": return !isLoggedIn
        case "nobody logged in, writing as anybody else": return !isLoggedIn && isUnnamed
        default: break
        }
        guard text.hasPrefix(start) else { return false }
        text.removeFirst(start.count)
        let mine = Set(principals.map(PrincipalClasses.word))
        return text.split(separator: " and ").allSatisfy { $0.split(separator: " or ").contains { mine.contains(String($0)) } }
    }
}
