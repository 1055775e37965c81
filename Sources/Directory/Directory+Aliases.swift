import MailVocabulary

extension Directory {
    /// Adds another name for one or more addresses.
    ///
    /// - Parameters:
    ///   - targets: users, aliases, groups; addresses in a shared domain; with `forward` any address.
    ///   - forward: whether targets may lie outside our domains.
    /// - Throws: `.alreadyExists`, `.domainNotOurs`, `.noTargets`, `.noSuchTarget`, `.targetOutside`, `.cycle`.
    public func addAlias(
        _ address: EmailAddress, to targets: [EmailAddress], forward: Bool = false, now: Timestamp = .now()
    ) throws(DirectoryError) {
        guard !targets.isEmpty else { throw .noTargets(address) }
        try change { () throws(DirectoryError) in
            let id = try insertEntry(address, .alias, forward: forward, now: now)
            try insertTargets(targets, of: address, id: id, forward: forward)
            try checkForCycle(through: address)
            try checkLogins(beside: address, owner: Set(targets.map { AddressKey($0) }).count == 1 ? targets[0] : nil)
        }
    }

    /// Adds to the targets of an alias: all of them, or, where one is refused, none.
    ///
    /// - Parameter forward: makes a forward of an alias that was none; without it, the alias stays what it is.
    /// - Throws: `.noSuchAlias`, `.wrongKind`, `.alreadyTarget`, `.tooManyTargets`, `.loginNameTaken`, and as `addAlias`.
    public func addTargets(_ targets: [EmailAddress], to address: EmailAddress, forward: Bool = false) throws(DirectoryError) {
        try change { () throws(DirectoryError) in
            try addTargets(targets, to: try existing(address, .alias), forward: forward)
            // Whoever it led to alone may log in with its name.
            try checkLogins(beside: address, owner: nil)
        }
    }

    /// Takes targets of an alias out: all of them, or, where one is none of its targets, none. One must be left.
    ///
    /// - Throws: `.noSuchAlias`, `.wrongKind`, `.notATarget`, `.noTargets`.
    public func removeTargets(_ targets: [EmailAddress], from address: EmailAddress) throws(DirectoryError) {
        try change { () throws(DirectoryError) in
            try removeTargets(targets, from: try existing(address, .alias))
            guard try existing(address, .alias).targets.isEmpty == false else { throw .noTargets(address) }
        }
    }

    /// Replaces the targets of an alias, which may be named elsewhere meanwhile.
    ///
    /// - Throws: `.noSuchAlias`, `.wrongKind`, and as `addAlias`.
    public func setAliasTargets(_ address: EmailAddress, to targets: [EmailAddress], forward: Bool = false) throws(DirectoryError) {
        guard !targets.isEmpty else { throw .noTargets(address) }
        try change { () throws(DirectoryError) in
            let id = try existing(address, .alias).id
            try run("DELETE FROM targets WHERE owner = ?", [.integer(id)])
            try run("UPDATE entries SET forward = ? WHERE id = ?", [.integer(forward ? 1 : 0), .integer(id)])
            try insertTargets(targets, of: address, id: id, forward: forward)
            try checkForCycle(through: address)
        }
    }

    /// Removes an alias; as `removeUser` where something names it.
    ///
    /// - Throws: `.noSuchAlias`, `.wrongKind`, `.stillNamed`.
    @discardableResult
    public func removeAlias(_ address: EmailAddress, removingReferences: Bool = false) throws(DirectoryError) -> [EmailAddress] {
        try remove(address, .alias, removingReferences: removingReferences)
    }

    /// All aliases, by address.
    public func listAliases() throws(DirectoryError) -> [DirectoryEntry] { try list(.alias) }

    func list(_ kind: DirectoryKind) throws(DirectoryError) -> [DirectoryEntry] {
        let keys = try query("SELECT key FROM entries WHERE kind = ? ORDER BY key", [.integer(kind.rawValue)]) {
            AddressKey(text: $0.text(0))
        }
        var entries: [DirectoryEntry] = []
        for key in keys {
            if let entry = try load(key) { entries.append(entry) }
        }
        return entries
    }
}
