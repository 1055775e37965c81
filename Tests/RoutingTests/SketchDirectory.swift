import MailVocabulary

@testable import Routing

/// A directory in few words: what recipients are, and who is in which groups.
final class SketchDirectory: RoutingDirectory {
    private let find: (EmailAddress) -> DirectoryAnswer
    /// By the member: groups, nested ones included.
    private let memberships: [String: [String]]
    private let aliases: [String: [String]]
    private(set) var asked: [String] = []

    init(
        groups: [String: [String]] = [:], aliases: [String: [String]] = [:],
        find: @escaping (EmailAddress) -> DirectoryAnswer = { _ in .unknown }
    ) {
        self.find = find
        self.aliases = aliases
        var memberships: [String: [String]] = [:]
        for (group, members) in groups {
            for member in members { memberships[member, default: []].append(group) }
        }
        self.memberships = memberships
    }

    func answer(for recipient: EmailAddress) -> DirectoryAnswer {
        asked.append("answer \(recipient)")
        return find(recipient)
    }

    func groups(of address: EmailAddress) -> Set<AddressKey> {
        asked.append("groups \(address)")
        return Set((memberships["\(address)"] ?? []).map { AddressKey(Sketch.address($0)) })
    }

    func ownAddresses(of account: EmailAddress) -> [EmailAddress] {
        asked.append("own \(account)")
        return [account] + (aliases["\(account)"] ?? []).map(Sketch.address)
    }
}

extension RoutingTable {
    func decide(
        _ facts: RecipientFacts, states: ConnectorStates = .allUp, directory: @escaping (EmailAddress) -> DirectoryAnswer
    ) -> Decision {
        decide(facts, states: states, directory: SketchDirectory(find: directory))
    }

    func reroute(
        _ facts: RecipientFacts, to address: EmailAddress, from connector: String, states: ConnectorStates = .allUp,
        directory: @escaping (EmailAddress) -> DirectoryAnswer
    ) -> Decision {
        reroute(facts, to: address, from: connector, states: states, directory: SketchDirectory(find: directory))
    }
}

extension Refusal {
    /// Without the code: `550 5.7.1 Relaying denied`.
    var words: String { String("\(reply)".dropLast(" [R-00000-00]".count)) }
    var status: String { reply.status.map { "\($0)" } ?? "" }
}
