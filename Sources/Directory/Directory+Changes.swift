import DurableStorage
import MailVocabulary

/// What the changes of users, aliases and groups share.
extension Directory {
    /// The entry of exactly this address, if it is of this kind.
    func existing(_ address: EmailAddress, _ kind: DirectoryKind) throws(DirectoryError) -> DirectoryEntry {
        guard let entry = try load(AddressKey(address)) else {
            switch kind {
            case .user: throw .noSuchUser(address)
            case .alias: throw .noSuchAlias(address)
            case .group: throw .noSuchGroup(address)
            }
        }
        guard entry.kind == kind else { throw .wrongKind(address, is: entry.kind, wanted: kind) }
        return entry
    }

    /// Makes an entry without targets; returns its row.
    func insertEntry(_ address: EmailAddress, _ kind: DirectoryKind, forward: Bool, now: Timestamp) throws(DirectoryError) -> Int64 {
        if let meant = domains.replacement(for: address) { throw .domainIsAlias(address, of: meant) }
        guard domains.standing(of: address.domain) != .outside else { throw .domainNotOurs(address) }
        if address.hasWildcard, kind != .alias || !address.isCatchAll { throw .wildcard(address, as: kind) }
        let key = AddressKey(address)
        if let entry = try load(key) { throw .alreadyExists(entry.address, as: entry.kind) }
        // A user's is compared where its first login name is made, an alias's once it is known where it leads.
        if kind == .group { try checkLogins(beside: address, owner: nil) }
        try run(
            "INSERT INTO entries (key, address, kind, forward, created_at) VALUES (?, ?, ?, ?, ?)",
            [
                .text(key.text), .text(address.description), .integer(kind.rawValue), .integer(forward ? 1 : 0),
                .integer(now.microseconds),
            ])
        return connection.lastInsertRowID
    }

    /// Adds targets that may be there. The same one twice counts once.
    func insertTargets(_ targets: [EmailAddress], of owner: EmailAddress, id: Int64, forward: Bool) throws(DirectoryError) {
        guard targets.count <= Self.maximumTargets else { throw .tooManyTargets(owner, limit: Self.maximumTargets) }
        for target in targets.map({ domains.replacement(for: $0) ?? $0 }) {
            try check(target, of: owner, forward: forward)
            try run(
                "INSERT INTO targets (owner, key, address) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [.integer(id), .text(AddressKey(target).text), .text(target.description)])
        }
    }

    /// Adds to the targets of an alias or group.
    ///
    /// - Parameter forward: makes a forward of an entry that was none; without it, the entry stays what it is.
    func addTargets(_ targets: [EmailAddress], to entry: DirectoryEntry, forward: Bool) throws(DirectoryError) {
        let known = Set(entry.targetKeys)
        var new = known
        for target in targets {
            let key = AddressKey(domains.replacement(for: target) ?? target)
            guard !known.contains(key) else {
                throw entry.kind == .group ? .alreadyMember(target, of: entry.address) : .alreadyTarget(target, of: entry.address)
            }
            new.insert(key)
        }
        guard new.count <= Self.maximumTargets else { throw .tooManyTargets(entry.address, limit: Self.maximumTargets) }
        if forward, !entry.isForward { try run("UPDATE entries SET forward = 1 WHERE id = ?", [.integer(entry.id)]) }
        try insertTargets(targets, of: entry.address, id: entry.id, forward: forward || entry.isForward)
        try checkForCycle(through: entry.address, over: targets)
    }

    /// Takes targets of an alias or group out.
    func removeTargets(_ targets: [EmailAddress], from entry: DirectoryEntry) throws(DirectoryError) {
        let known = Set(entry.targetKeys)
        for target in targets {
            // Perhaps it was entered before its domain became an alias.
            let written = AddressKey(target)
            let key = known.contains(written) ? written : AddressKey(domains.replacement(for: target) ?? target)
            guard known.contains(key) else {
                throw entry.kind == .group ? .notAMember(target, of: entry.address) : .notATarget(target, of: entry.address)
            }
            try run("DELETE FROM targets WHERE owner = ? AND key = ?", [.integer(entry.id), .text(key.text)])
        }
    }

    private func check(_ target: EmailAddress, of owner: EmailAddress, forward: Bool) throws(DirectoryError) {
        guard !target.hasWildcard else { throw .wildcardTarget(target, of: owner) }
        guard try resolve(address: target) == nil else { return }
        switch domains.standing(of: target.domain) {
        case .authoritative: throw .noSuchTarget(target, of: owner)
        case .shared: return
        case .outside:
            guard forward else { throw .targetOutside(target, of: owner) }
        }
    }

    /// Refuses a change, by throwing within its transaction, that lets a way from this entry lead back to it. Every cycle that a
    /// change can make goes through the entry it changed.
    ///
    /// - Parameter new: the targets that the change has added; nil: all are new. A cycle that it makes leads over one of them.
    func checkForCycle(through address: EmailAddress, over new: [EmailAddress]? = nil) throws(DirectoryError) {
        guard var start = try load(AddressKey(address)) else { return }
        if let new { start = start.leading(to: new) }
        var cameFrom: [Int64: DirectoryEntry] = [:]
        var open = [start]
        while let entry = open.popLast() {
            for (target, key) in zip(entry.targets, entry.targetKeys) {
                guard let next = try resolve(target, key: key) else { continue }
                if next.id == start.id {
                    var way = [start.address]
                    var step = entry
                    while step.id != start.id, let previous = cameFrom[step.id] {
                        way.append(step.address)
                        step = previous
                    }
                    throw .cycle([start.address] + way.reversed())
                }
                if next.kind != .user, cameFrom[next.id] == nil {
                    cameFrom[next.id] = entry
                    open.append(next)
                }
            }
        }
    }

    /// Removes an entry.
    ///
    /// - Parameter removingReferences: takes the address out of the aliases and groups that name it; an alias left without targets
    ///   goes, too, and so on. Otherwise the removal is refused while something names it.
    /// - Returns: the aliases that went with it.
    func remove(
        _ address: EmailAddress, _ kind: DirectoryKind, removingReferences: Bool
    ) throws(DirectoryError) -> [EmailAddress] {
        try change { () throws(DirectoryError) in
            var open = [try existing(address, kind)]
            if !removingReferences {
                // Nobody has to take it out of itself.
                let owners = try references(to: address).map(\.owner).filter { $0.id != open[0].id }
                guard owners.isEmpty else { throw .stillNamed(address, by: owners.map(\.address)) }
            }
            var removed: [EmailAddress] = []
            while let entry = open.popLast() {
                let references = try references(to: entry.address)
                for reference in references {
                    try run(
                        "DELETE FROM targets WHERE owner = ? AND key = ?",
                        [.integer(reference.owner.id), .text(reference.targetKey.text)])
                }
                try run("DELETE FROM entries WHERE id = ?", [.integer(entry.id)])
                removed.append(entry.address)
                for owner in Dictionary(references.map { ($0.owner.id, $0.owner) }, uniquingKeysWith: { first, _ in first }).values
                where owner.kind == .alias {
                    guard let left = try load(AddressKey(owner.address)), left.id == owner.id else { continue }
                    if left.targets.isEmpty { open.append(left) }
                }
            }
            return Array(removed.dropFirst()).sorted { $0.lookupKey < $1.lookupKey }
        }
    }

    /// The same, also by the names that its domain has besides.
    func referencesInAllSpellings(to address: EmailAddress) throws(DirectoryError) -> [(owner: OwnerRow, targetKey: AddressKey)] {
        var references = try references(to: address)
        for other in domains.otherSpellings(of: address) { references += try self.references(to: other) }
        return references
    }

    /// The aliases and groups that name this entry, by its address or by a subaddress that is no entry of its own.
    func references(to address: EmailAddress) throws(DirectoryError) -> [(owner: OwnerRow, targetKey: AddressKey)] {
        let key = AddressKey(address)
        let domain = key.text.suffix(from: key.text.lastIndex(of: "@") ?? key.text.endIndex)
        let local = key.text.dropLast(domain.count)
        // `,` follows `+` in ASCII: the range is every text that begins with `local+`.
        let rows = try query(
            """
            SELECT entries.id, entries.address, entries.kind, targets.key, targets.address FROM targets
            JOIN entries ON entries.id = targets.owner
            WHERE targets.key = ?1 OR (targets.key >= ?2 AND targets.key < ?3) ORDER BY entries.key
            """, [.text(key.text), .text(local + "+"), .text(local + ",")]
        ) { row throws(DirectoryError) in
            let kind = DirectoryKind(rawValue: row.integer(2)) ?? .group
            let owner = OwnerRow(id: row.integer(0), address: try self.parse(row.text(1)), kind: kind)
            return (owner: owner, targetKey: AddressKey(text: row.text(3)), target: try self.parse(row.text(4)))
        }
        var references: [(owner: OwnerRow, targetKey: AddressKey)] = []
        for row in rows {
            if row.targetKey != key {
                guard let base = row.target.withoutSubaddress, AddressKey(base) == key, try load(row.targetKey) == nil else { continue }
            }
            references.append((row.owner, row.targetKey))
        }
        return references
    }

    /// An alias or group that names something.
    struct OwnerRow {
        let id: Int64
        let address: EmailAddress
        let kind: DirectoryKind
    }
}
