import DurableStorage
import MailVocabulary

/// What a recipient is, as far as that can be told without reading where it leads: a large group takes long to read.
extension Directory {
    public enum Lead: Hashable, Sendable {
        case unknown
        case mailbox
        /// An alias or group, by its address as it was entered.
        case several(EmailAddress)
    }

    /// Costs a dictionary access where the recipient was asked for lately, otherwise one or two indexed queries, whatever it leads to.
    ///
    /// - Throws: `.storage`, `.damaged`.
    public func lead(of recipient: EmailAddress) throws(DirectoryError) -> Lead {
        let meant = domains.replacement(for: recipient) ?? recipient
        let lead = try leadWithoutCatchAll(of: meant)
        guard lead == .unknown, let all = catchAll(of: meant) else { return lead }
        let caught = try leadWithoutCatchAll(of: all)
        return caught == .mailbox ? .unknown : caught
    }

    private func leadWithoutCatchAll(of recipient: EmailAddress) throws(DirectoryError) -> Lead {
        let key = AddressKey(recipient)
        switch cache.answer(for: key) {
        case .unknown: return .unknown
        case .entry(let entry): return entry.kind == .user ? .mailbox : .several(entry.address)
        case nil: break
        }
        if let known = cache.lead(for: key) { return .several(known) }
        guard let found = try head(of: recipient) else {
            cache.insert(.unknown, for: key)
            return .unknown
        }
        if found.kind == .user {
            cache.insert(.entry(try whole(found)), for: key)
            return .mailbox
        }
        cache.insert(lead: found.address, for: key)
        return .several(found.address)
    }

    /// Follows an alias or group that has few targets, none of which leads on.
    ///
    /// - Parameter most: targets that are looked at.
    /// - Returns: nil where it has more, or one of them is an alias or group itself.
    /// - Throws: `.storage`, `.damaged`.
    public func expandIfShort(_ recipient: EmailAddress, most: Int) throws(DirectoryError) -> Expansion? {
        guard case .several(let address) = try lead(of: recipient), let found = try head(AddressKey(address)),
            try count(of: found, most: most + 1) <= most
        else { return nil }
        guard let entry = try resolve(recipient: recipient) else { return nil }
        for target in entry.targets {
            let target = domains.replacement(for: target) ?? target
            if case .several = try leadWithoutCatchAll(of: target) { return nil }
        }
        return try expand(recipient)
    }

    /// Runs a body that reads in one state of the file, whatever is changed meanwhile by others.
    ///
    /// - Throws: what the body throws, and `.storage`.
    public func inOneState<Success>(_ body: () throws(DirectoryError) -> Success) throws(DirectoryError) -> Success {
        try storage { () throws(SQLiteError) in try connection.execute("BEGIN") }
        defer {
            // Nothing was written; where it fails, the next transaction says so.
            try? connection.execute("ROLLBACK")
        }
        return try body()
    }

    /// Forgets everything that was read: another connection may have changed it.
    public func forget() { cache.removeAll() }

    private func head(of recipient: EmailAddress) throws(DirectoryError) -> Head? {
        if let found = try head(AddressKey(recipient)) { return found }
        guard let base = recipient.withoutSubaddress else { return nil }
        return try head(AddressKey(base))
    }

    private func count(of head: Head, most: Int) throws(DirectoryError) -> Int {
        try storage { () throws(SQLiteError) in
            try countTargets.bind(head.id, at: 1)
            try countTargets.bind(Int64(most), at: 2)
            defer { countTargets.reset() }
            return try countTargets.step() ? Int(countTargets.integer(0)) : 0
        }
    }
}
