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
    public func addMember(_ member: EmailAddress, to group: EmailAddress) throws(DirectoryError) { try addMembers([member], to: group) }

    /// The same for many, in one transaction: all of them, or, where one is refused, none. One that is named twice counts once.
    public func addMembers(_ members: [EmailAddress], to group: EmailAddress) throws(DirectoryError) {
        try change { () throws(DirectoryError) in
            try addTargets(members, to: try existing(group, .group), forward: false)
        }
    }

    /// Takes a member out; nothing else of it changes.
    ///
    /// - Throws: `.noSuchGroup`, `.wrongKind`, `.notAMember`.
    public func removeMember(_ member: EmailAddress, from group: EmailAddress) throws(DirectoryError) {
        try removeMembers([member], from: group)
    }

    /// The same for many, in one transaction: all of them, or, where one is no member, none.
    public func removeMembers(_ members: [EmailAddress], from group: EmailAddress) throws(DirectoryError) {
        try change { () throws(DirectoryError) in try removeTargets(members, from: try existing(group, .group)) }
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
