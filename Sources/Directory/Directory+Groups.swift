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

    /// The groups that an address is in, directly, over aliases, and over other groups; a group is not in itself.
    ///
    /// `user+tag` is in the groups of `user` where it is no entry of its own. An address in a shared domain may be in groups without
    /// being an entry. Kept in the cache: rules about groups ask for the same people again and again. Ends also on cycles, should the
    /// file hold one.
    ///
    /// - Returns: the addresses of the groups, for comparison.
    /// - Throws: `.storage`, `.damaged`: a reason to answer "try again later", never "in none".
    public func groups(of address: EmailAddress) throws(DirectoryError) -> Set<AddressKey> {
        let asked = AddressKey(address)
        if let known = cache.groups(of: asked) { return known }
        let start = try resolve(address: address)?.address ?? domains.replacement(for: address) ?? address
        var seen: Set<AddressKey> = [AddressKey(start)]
        var groups: Set<AddressKey> = []
        var open = [start]
        while let member = open.popLast() {
            for (owner, _) in try referencesInAllSpellings(to: member) {
                let key = AddressKey(owner.address)
                guard seen.insert(key).inserted else { continue }
                if owner.kind == .group { groups.insert(key) }
                open.append(owner.address)
            }
        }
        cache.insert(groups, of: asked)
        return groups
    }
}
