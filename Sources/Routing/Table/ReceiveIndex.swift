import MailVocabulary
import Topology

/// Who may write to whom (S33), arranged for look-up.
struct ReceiveIndex: Sendable {
    struct Entry: Sendable {
        enum Senders: Sendable {
            case authenticated
            case listed(PrincipalSet)
        }

        let recipients: PrincipalSet
        let senders: Senders
        /// In words, for the trace: `authenticated`, or the list.
        let sendersText: String
        let refusal: RoutingRule
    }

    /// An entry that names an address, and by what.
    struct Naming: Hashable, Sendable {
        /// The index of the entry.
        let entry: Int
        let principal: Principal
    }

    /// Those that keep anybody away.
    let entries: [Entry]
    /// Whom any of them concerns: most recipients are named by none.
    let everyRecipient: PrincipalSet

    init(_ permissions: [Permissions.Receive], in installation: InstallationMark) {
        entries = permissions.compactMap { permission in
            let (senders, text): (Entry.Senders, String)
            switch permission.senders {
            case .everyone: return nil
            case .authenticated: (senders, text) = (.authenticated, "authenticated")
            case .listed(let list): (senders, text) = (.listed(PrincipalSet(list)), list.map(\.description).joined(separator: ", "))
            }
            // By what it says: its number changes with every entry that is put in before it.
            let recipients = permission.recipients.map(\.description).sorted().joined(separator: ",")
            return Entry(
                recipients: PrincipalSet(permission.recipients), senders: senders, sendersText: text,
                refusal: RoutingRule(
                    "1", "permissions.receive(\(recipients))", permission.location, .notPermitted, of: installation))
        }
        everyRecipient = PrincipalSet(permissions.filter { $0.senders != .everyone }.flatMap(\.recipients))
    }

    /// The entries that name an address, in their order.
    ///
    /// - Throws: only what `directory` throws.
    func naming<D: RoutingDirectory>(
        of address: EmailAddress, _ table: RoutingTable, _ directory: D
    ) throws(D.Failure) -> [Naming] {
        if entries.isEmpty { return [] }
        var person = Person(address)
        guard try person.match(in: everyRecipient, table, directory) != nil else { return [] }
        var found: [Naming] = []
        for (index, entry) in entries.enumerated() {
            if let principal = try person.match(in: entry.recipients, table, directory) {
                found.append(Naming(entry: index, principal: principal))
            }
        }
        return found
    }
}
