import Credentials
import MailVocabulary

extension Directory {
    /// Adds a user: a mailbox, and the address as the first login name.
    ///
    /// - Parameter password: nil: mail is taken, nobody can log in until a password is set. Making its keys takes milliseconds.
    /// - Throws: `.alreadyExists`, `.domainNotOurs`, `.loginNameTaken` where another account uses the address to log in, `.password`.
    @discardableResult
    public func addUser(
        _ address: EmailAddress, password: String? = nil, now: Timestamp = .now()
    ) throws(DirectoryError) -> AccountID {
        try addUser(address, verifier: password.map { password throws(DirectoryError) in try makeVerifier(password) }, now: now)
    }

    /// The same with keys made elsewhere.
    @discardableResult
    public func addUser(
        _ address: EmailAddress, verifier: SCRAMVerifier?, now: Timestamp = .now()
    ) throws(DirectoryError) -> AccountID {
        try change { () throws(DirectoryError) in
            let id = try insertEntry(address, .user, forward: false, now: now)
            try insertCredential(
                account: id, loginName: address.description, label: "", verifier: verifier, expiresAt: nil, now: now)
            // A new `user+tag` may take over what led to `user`; a mailbox leads nowhere, so no cycle can come of it.
            return AccountID(value: id)
        }
    }

    /// Removes a user with all credentials. The mailbox's mail is not touched.
    ///
    /// - Parameter removingReferences: also takes the address out of the aliases and groups that name it, and removes aliases that
    ///   then lead nowhere.
    /// - Returns: the aliases that were removed with it.
    /// - Throws: `.noSuchUser`, `.wrongKind`, `.stillNamed` where something names it and it is not to be taken out.
    @discardableResult
    public func removeUser(_ address: EmailAddress, removingReferences: Bool = false) throws(DirectoryError) -> [EmailAddress] {
        try remove(address, .user, removingReferences: removingReferences)
    }

    /// All users, by address.
    public func listUsers() throws(DirectoryError) -> [DirectoryUser] {
        try query(
            """
            SELECT id, address, created_at,
                (SELECT count(*) FROM credentials WHERE account = entries.id AND verifier IS NOT NULL)
            FROM entries WHERE kind = 1 ORDER BY key
            """, []
        ) { row throws(DirectoryError) in
            DirectoryUser(
                account: AccountID(value: row.integer(0)), address: try self.parse(row.text(1)),
                createdAt: Timestamp(microseconds: row.integer(2)), credentials: Int(row.integer(3)))
        }
    }

    /// The address of an account; nil where it was removed.
    public func address(of account: AccountID) throws(DirectoryError) -> EmailAddress? {
        try query("SELECT address FROM entries WHERE id = ? AND kind = 1", [.integer(account.value)]) { row throws(DirectoryError) in
            try self.parse(row.text(0))
        }.first
    }

    /// The addresses an account may call its own: that of its mailbox, and of the aliases that lead to it alone, also over others.
    public func ownAddresses(of account: AccountID) throws(DirectoryError) -> [EmailAddress] {
        guard let address = try address(of: account) else { return [] }
        var own = [address]
        var index = 0
        while index < own.count, own.count < Self.maximumTargets {
            for (owner, _) in try referencesInAllSpellings(to: own[index])
            // Whoever gets the rest of a domain's mail is not everybody in it.
            where owner.kind == .alias && !owner.address.isCatchAll && !own.contains(owner.address) {
                if let entry = try load(AddressKey(owner.address)), entry.targets.count == 1 { own.append(owner.address) }
            }
            index += 1
        }
        return own
    }

    /// The groups an account is in, directly, over aliases, and over other groups; sorted by address.
    public func groups(containing account: AccountID) throws(DirectoryError) -> [EmailAddress] {
        guard let address = try address(of: account) else { return [] }
        var seen: Set<Int64> = [account.value]
        var groups: [EmailAddress] = []
        var open = [address]
        while let member = open.popLast() {
            for (owner, _) in try referencesInAllSpellings(to: member) where seen.insert(owner.id).inserted {
                if owner.kind == .group { groups.append(owner.address) }
                open.append(owner.address)
            }
        }
        return groups.sorted { $0.lookupKey < $1.lookupKey }
    }
}
