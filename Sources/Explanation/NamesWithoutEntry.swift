import MailVocabulary
import Topology
import TopologyFile

/// Compares the names in a configuration with a directory: `deny: [karl]` permits, where nobody is called karl.
public struct NamesWithoutEntry {
    private enum Kind: String { case user, alias, group }

    private let topology: Topology
    private var kinds: [AddressKey: Kind] = [:]
    /// Local parts by domain: what may have been meant.
    private var localParts: [MailDomain: [Kind: [String]]] = [:]
    /// Where aliases lead that have one target.
    private var targets: [AddressKey: EmailAddress] = [:]
    private let document: DirectoryDocument

    /// A suggestion compares with everybody in a domain: beyond so many missing names there is none.
    private static let mostSuggestions = 100

    /// A warning for each name that nobody has, or that is of another kind than its list looks for, in the order of the file; then one for each
    /// domain alias in which the directory has entries. None where the directory is empty: then everything is missing, and who reads it knows.
    public static func findings(in document: DirectoryDocument, topology: Topology) -> [Finding] {
        guard !document.users.isEmpty || !document.aliases.isEmpty || !document.groups.isEmpty else { return [] }
        let comparison = NamesWithoutEntry(document, topology)
        var suggestions = mostSuggestions
        var seen: Set<ConfiguredName> = []
        // `same_as` repeats a list.
        let names = ConfiguredName.all(in: topology).filter { seen.insert($0).inserted }
        let missing = names.compactMap { comparison.finding(about: $0, &suggestions) }
        return (missing + comparison.sendAsFindings(&suggestions)).sorted() + comparison.leftovers()
    }

    private init(_ document: DirectoryDocument, _ topology: Topology) {
        (self.document, self.topology) = (document, topology)
        func add(_ address: EmailAddress, _ kind: Kind) {
            kinds[AddressKey(address)] = kind
            localParts[address.domain, default: [:]][kind, default: []].append(address.localPart)
        }
        for user in document.users { add(user.address, .user) }
        for group in document.groups { add(group.name.address, .group) }
        for alias in document.aliases {
            add(alias.name.address, .alias)
            if alias.targets.count == 1 { targets[AddressKey(alias.name.address)] = alias.targets[0].address }
        }
    }

    private func finding(about name: ConfiguredName, _ suggestions: inout Int) -> Finding? {
        let address = topology.domainAliases.meant(by: name.address)
        let key = AddressKey(address)
        func warning(_ text: String) -> Finding { Finding(.warning, at: name.location, path: name.path, "\(text): \(name.consequence)") }
        guard let domain = address.domain.name.flatMap({ topology.domains[$0] }) else {
            // Who is elsewhere writes, and gets mail, without being in the directory; and `permissions.receive` is checked without one.
            switch (name.kind, name.use) {
            case (.user, .sender), (.user, .address), (_, .recipient): return nil
            case (.group, _): return warning("there is no group `\(address)`, whose domain is none of ours")
            case (.user, .account): return warning("`\(address)` is in none of our domains, so no account has this address")
            }
        }
        switch (name.kind, name.use, kinds[key]) {
        case (.group, _, .group?), (.user, _, .user?), (.user, .recipient, _?), (.user, .address, _?): return nil
        case (.group, _, let other?): return warning("`\(address)` is \(other == .alias ? "an alias" : "a user"), and no group")
        case (.user, _, .group?): return warning("`\(address)` is a group, which is written `group:\(address)`")
        case (.user, _, .alias?):
            let meant = targets[key].map { "; did you mean `\($0)`?" } ?? ""
            return warning("`\(address)` is an alias, and an account goes by its user's own address\(meant)")
        case (.group, _, nil): return warning("there is no group `\(address)`" + suggestion(for: address, [.group], &suggestions))
        case (.user, .account, nil), (.user, .sender, nil):
            // Somebody on the other system may write.
            if name.use == .sender, domain.isShared { return nil }
            return warning("there is no user `\(address)`" + suggestion(for: address, [.user], &suggestions))
        case (.user, _, nil):
            let isFound = address.withoutSubaddress.map { kinds[AddressKey($0)] != nil } ?? false
            if domain.isShared || isFound || address.catchAll.map({ kinds[AddressKey($0)] != nil }) == true { return nil }
            return warning(
                "there is no user, alias or group `\(address)`" + suggestion(for: address, [.user, .alias, .group], &suggestions))
        }
    }

    /// Nobody need have an address to be sent as it, so only what is nearly another one is remarked on.
    private func sendAsFindings(_ suggestions: inout Int) -> [Finding] {
        var findings: [Finding] = []
        for (index, entry) in topology.permissions.sendAs.enumerated() {
            for address in entry.addresses.map({ topology.domainAliases.meant(by: $0) })
            where !address.isCatchAll && kinds[AddressKey(address)] == nil {
                guard address.domain.name.map({ topology.domains[$0] != nil }) == true else { continue }
                let meant = suggestion(for: address, [.user, .alias, .group], &suggestions)
                guard !meant.isEmpty else { continue }
                findings.append(
                    Finding(
                        .warning, at: entry.location, path: "permissions.send_as[\(index)].addresses",
                        "nobody has the address `\(address)`\(meant)"))
            }
        }
        return findings
    }

    private func suggestion(for address: EmailAddress, _ kinds: [Kind], _ left: inout Int) -> String {
        guard left > 0, let candidates = localParts[address.domain] else { return "" }
        left -= 1
        let near = TopologyFile.nearest(to: address.localPart, among: kinds.flatMap { candidates[$0] ?? [] })
        return near.map { "; did you mean `\($0)@\(address.domain)`?" } ?? ""
    }

    private func leftovers() -> [Finding] {
        topology.domainAliases.values.sorted { $0.location < $1.location }.compactMap { alias in
            let entries = (document.users + document.aliases.map(\.name) + document.groups.map(\.name)).map(\.address)
                .filter { $0.domain == .name(alias.name) }
            guard let first = entries.min(by: { $0.lookupKey < $1.lookupKey }) else { return nil }
            let count = entries.count == 1 ? "1 address" : "\(entries.count) addresses"
            return Finding(
                .warning, at: alias.location, path: "domains.\(alias.name).alias_of",
                "the directory has \(count) in this domain, such as `\(first)`: mail for it goes to `\(alias.target)`, and never reaches them"
            )
        }
    }
}
