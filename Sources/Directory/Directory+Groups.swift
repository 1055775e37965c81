import MailVocabulary

extension Directory {
    /// Adds a group without members.
    ///
    /// - Parameter forward: whether members may lie outside our domains.
    /// - Throws: `.alreadyExists`, `.domainNotOurs`.
    public func addGroup(_ address: EmailAddress, forward: Bool = false, now: Timestamp = .now()) throws(DirectoryError) {
        try change { () throws(DirectoryError) in _ = try insertEntry(address, .group, forward: forward, now: now) }
    }

    /// Adds a member: a user, alias or group; an address in a shared domain; in a group with `forward` any address.
    ///
    /// - Throws: `.noSuchGroup`, `.wrongKind`, `.alreadyMember`, `.noSuchTarget`, `.targetOutside`, `.tooManyTargets`, `.cycle`.
    public func addMember(_ member: EmailAddress, to group: EmailAddress) throws(DirectoryError) {
        try change { () throws(DirectoryError) in
            let entry = try existing(group, .group)
            guard !entry.targetKeys.contains(AddressKey(member)) else { throw .alreadyMember(member, of: group) }
            guard entry.targetKeys.count < Self.maximumTargets else { throw .tooManyTargets(group, limit: Self.maximumTargets) }
            try insertTargets([member], of: group, id: entry.id, forward: entry.isForward)
            try checkForCycle(through: group)
        }
    }

    /// Takes a member out; nothing else of it changes.
    ///
    /// - Throws: `.noSuchGroup`, `.wrongKind`, `.notAMember`.
    public func removeMember(_ member: EmailAddress, from group: EmailAddress) throws(DirectoryError) {
        try change { () throws(DirectoryError) in
            let id = try existing(group, .group).id
            try run("DELETE FROM targets WHERE owner = ? AND key = ?", [.integer(id), .text(AddressKey(member).text)])
            guard connection.changes == 1 else { throw .notAMember(member, of: group) }
        }
    }

    /// Removes a group, not its members; as `removeUser` where something names it.
    ///
    /// - Throws: `.noSuchGroup`, `.wrongKind`, `.stillNamed`.
    @discardableResult
    public func removeGroup(_ address: EmailAddress, removingReferences: Bool = false) throws(DirectoryError) -> [EmailAddress] {
        try remove(address, .group, removingReferences: removingReferences)
    }

    /// All groups, by address.
    public func listGroups() throws(DirectoryError) -> [DirectoryEntry] { try list(.group) }
}
