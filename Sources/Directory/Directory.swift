import Credentials
import DurableStorage
import MailVocabulary

/// Who has an address here: users with their mailboxes and credentials, aliases, groups. One SQLite file.
///
/// Not `Sendable`: one thread (the core's event loop) reads and writes. Looking up a recipient takes a dictionary access when it was
/// asked for lately, otherwise one or two indexed queries. Every change is durable when its function returns, and empties the cache.
///
/// Addresses are found in lower case and in Unicode's composed form (NFC). `user+tag@domain` is `user@domain` where it is no entry of its own: for recipients, targets and
/// members alike. An alias or group leads outside our domains only if it is a *forward*. Cycles are refused when they would be made.
public final class Directory {
    /// The file's name in the state directory.
    public static let fileName = "directory.sqlite"
    /// Of one alias or group.
    public static let maximumTargets = 100_000
    /// Of one account.
    public static let maximumCredentials = 100
    public static let maximumLoginNameOctets = 254
    public static let maximumLabelOctets = 200

    public struct Settings: Hashable, Sendable {
        /// Of passwords set from now on: within `SCRAMVerifier.permittedIterations`.
        public var iterations: Int
        /// Addresses held in memory, the members of groups counted.
        public var cacheCapacity: Int
        /// Recipients of aliases and groups that were followed lately, held in memory so that the next message for them costs nothing.
        /// One expansion takes half of it at most; one of `Expansion.maximumRecipients` fits.
        public var expansionCacheCapacity: Int
        /// A last use is written again when the one on disk is older than this: not every login should cost a write.
        public var lastUseGranularity: Duration

        public init(
            iterations: Int = SCRAMVerifier.defaultIterations, cacheCapacity: Int = 10_000, expansionCacheCapacity: Int = 210_000,
            lastUseGranularity: Duration = .seconds(300)
        ) {
            (self.iterations, self.cacheCapacity) = (iterations, cacheCapacity)
            (self.expansionCacheCapacity, self.lastUseGranularity) = (expansionCacheCapacity, lastUseGranularity)
        }
    }

    /// What is ours according to the configuration; set anew when that is reloaded.
    public var domains: DirectoryDomains {
        // Which targets may be followed depends on them.
        didSet {
            generation &+= 1
            cache.removeExpansions()
        }
    }
    /// Changed with the configuration.
    public var settings: Settings
    /// Another number after each change of the directory, and of what is ours: what was read under an earlier one may be out of date.
    public private(set) var generation: UInt64 = 0
    /// Where it lies, for a reader on another thread.
    public let location: Location
    let connection: SQLiteConnection
    /// What the keys of names that nobody has are made from; known to this installation only.
    public let decoySecret: [UInt8]
    var cache: DirectoryCache
    /// No user, alias or group was ever in this file. A directory that was emptied knows that it had somebody: that is a fact, and who
    /// asks may hear "unknown". This one may be empty only because another volume was meant.
    public private(set) var hasNeverHadAnybody = false
    private let findEntry: SQLiteStatement
    private let findTargets: SQLiteStatement
    let countTargets: SQLiteStatement
    private var statements: [String: SQLiteStatement] = [:]

    /// Opens the directory, creates it where there is none, brings an older one to this release's schema.
    ///
    /// - Parameters:
    ///   - path: the file; its folder exists.
    ///   - vfs: the name of a registered SQLite VFS; nil for the system's.
    /// - Throws: `.schema` also for the file of a newer release, which stays untouched; `.storage`.
    public init(
        path: String, domains: DirectoryDomains, settings: Settings = Settings(), vfs: String? = nil
    ) throws(DirectoryError) {
        precondition(SCRAMVerifier.permittedIterations.contains(settings.iterations), "iterations")
        (self.domains, self.settings, location) = (domains, settings, Location(path: path, vfs: vfs))
        cache = DirectoryCache(capacity: settings.cacheCapacity, expansionCapacity: settings.expansionCacheCapacity)
        do throws(SQLiteError) {
            connection = try SQLiteConnection(path: path, mode: .readWriteCreate, vfs: vfs)
        } catch {
            throw .storage(error)
        }
        do throws(SchemaError) {
            // Before the pragmas: the file of a newer release stays as it is.
            try connection.refuseNewer(than: DirectorySchema.migrations.count)
            do throws(SQLiteError) { try connection.apply(SQLiteSettings(journalSizeLimit: .mebibytes(4))) } catch {
                throw .sqlite(error)
            }
            try connection.migrate(to: DirectorySchema.migrations)
        } catch {
            throw .schema(error)
        }
        do throws(SQLiteError) {
            try DirectoryKeyForms.compose(in: connection)
            findEntry = try connection.prepare(Self.findEntryQuery)
            findTargets = try connection.prepare(Self.findTargetsQuery)
            countTargets = try connection.prepare(Self.countTargetsQuery)
            let secret = try connection.prepare("SELECT value FROM secrets WHERE name = 'decoy'")
            decoySecret = try secret.step() ? secret.blob(0) : []
            hasNeverHadAnybody = try Self.hasNeverHadAnybody(connection)
        } catch {
            throw .storage(error)
        }
    }

    /// Opens a directory that is open elsewhere in this process, for reading alone and on one other thread.
    ///
    /// - Parameter settings: how much it keeps; what it has kept goes with ``forget()``, since it does not see the changes of others.
    /// - Throws: `.storage`.
    public init(reading location: Location, domains: DirectoryDomains, settings: Settings) throws(DirectoryError) {
        (self.domains, self.settings, self.location) = (domains, settings, location)
        cache = DirectoryCache(capacity: settings.cacheCapacity, expansionCapacity: settings.expansionCacheCapacity)
        do throws(SQLiteError) {
            connection = try SQLiteConnection(path: location.path, mode: .readOnly, vfs: location.vfs)
            findEntry = try connection.prepare(Self.findEntryQuery)
            findTargets = try connection.prepare(Self.findTargetsQuery)
            countTargets = try connection.prepare(Self.countTargetsQuery)
        } catch {
            throw .storage(error)
        }
        decoySecret = []
    }

    private static let findEntryQuery = "SELECT id, address, kind, forward FROM entries WHERE key = ?"
    private static let findTargetsQuery = "SELECT key, address FROM targets WHERE owner = ? ORDER BY key"
    private static let countTargetsQuery = "SELECT count(*) FROM (SELECT 1 FROM targets WHERE owner = ? LIMIT ?)"

    /// A directory's file, and what reads it.
    public struct Location: Hashable, Sendable {
        let path: String
        let vfs: String?
    }

    /// SQLite keeps the largest id that an entry ever had (https://www.sqlite.org/autoinc.html).
    private static func hasNeverHadAnybody(_ connection: SQLiteConnection) throws(SQLiteError) -> Bool {
        try connection.integer("SELECT seq FROM sqlite_sequence WHERE name = 'entries'") ?? 0 == 0
    }

    /// Takes an empty directory for one that had somebody, durably: whoever made it says who there is.
    public func rememberSomebody() throws(DirectoryError) {
        guard hasNeverHadAnybody else { return }
        try change { () throws(DirectoryError) in
            try run("DELETE FROM sqlite_sequence WHERE name = 'entries'", [])
            try run("INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', 1)", [])
        }
    }

    // MARK: Look-up

    /// What the recipient is here: exactly, without its `+tag`, or by the catch-all of its domain; nil for an unknown one, in our domains or
    /// elsewhere.
    ///
    /// - Throws: `.storage`, `.damaged`: a reason to answer "try again later", never "unknown".
    public func resolve(recipient: EmailAddress) throws(DirectoryError) -> DirectoryEntry? {
        let meant = domains.replacement(for: recipient) ?? recipient
        if let entry = try resolve(address: meant) { return entry }
        guard let all = catchAll(of: meant), let entry = try resolve(address: all), entry.kind != .user else { return nil }
        return entry
    }

    /// The same without a catch-all: who somebody is, and what a target means. Of those nobody is meant by a `*`.
    public func resolve(address: EmailAddress) throws(DirectoryError) -> DirectoryEntry? {
        try resolve(address, key: AddressKey(address))
    }

    /// `*@domain`, which takes the mail of all addresses that are not in the directory (rule 1).
    func catchAll(of address: EmailAddress) -> EmailAddress? {
        guard let name = address.domain.name, domains.contains(name), !address.isCatchAll else { return nil }
        return address.catchAll
    }

    /// Whether mail for `postmaster` is taken, as RFC 5321 §4.5.1 asks of every domain that receives mail.
    public func hasPostmaster(_ domain: DomainName) throws(DirectoryError) -> Bool {
        guard let address = EmailAddress(localPart: "postmaster", domain: .name(domain)) else { return false }
        return try resolve(address: address) != nil
    }

    /// The number of users.
    public func userCount() throws(DirectoryError) -> Int {
        try query("SELECT count(*) FROM entries WHERE kind = 1", []) { Int($0.integer(0)) }.first ?? 0
    }

    func resolve(_ address: EmailAddress, key: AddressKey) throws(DirectoryError) -> DirectoryEntry? {
        if let meant = domains.replacement(for: address) { return try resolve(meant, key: AddressKey(meant)) }
        switch cache.answer(for: key) {
        case .entry(let entry): return entry
        case .unknown: return nil
        case nil: break
        }
        var found = try load(key)
        if found == nil, let base = address.withoutSubaddress { found = try load(AddressKey(base)) }
        cache.insert(found.map { .entry($0) } ?? .unknown, for: key)
        return found
    }

    /// An entry without what it leads to.
    struct Head {
        let id: Int64
        let address: EmailAddress
        let kind: DirectoryKind
        let forward: Bool
    }

    /// The entry of exactly this key, from the database, but for where it leads.
    func head(_ key: AddressKey) throws(DirectoryError) -> Head? {
        let row = try storage { () throws(SQLiteError) -> (id: Int64, address: String, kind: Int64, forward: Bool)? in
            try findEntry.bind(key.text, at: 1)
            defer { findEntry.reset() }
            guard try findEntry.step() else { return nil }
            return (findEntry.integer(0), findEntry.text(1), findEntry.integer(2), findEntry.boolean(3))
        }
        guard let row else { return nil }
        let address = try parse(row.address)
        guard let kind = DirectoryKind(rawValue: row.kind) else { throw .damaged("\(address) is of kind \(row.kind)") }
        return Head(id: row.id, address: address, kind: kind, forward: row.forward)
    }

    /// The entry of exactly this key, from the database.
    func load(_ key: AddressKey) throws(DirectoryError) -> DirectoryEntry? {
        try head(key).map { head throws(DirectoryError) in try whole(head) }
    }

    func whole(_ row: Head) throws(DirectoryError) -> DirectoryEntry {
        let (address, kind) = (row.address, row.kind)
        if kind == .user {
            return DirectoryEntry(address: address, content: .mailbox(AccountID(value: row.id)), id: row.id, targetKeys: [])
        }
        let rows = try storage { () throws(SQLiteError) -> [(key: AddressKey, address: String)] in
            try findTargets.bind(row.id, at: 1)
            defer { findTargets.reset() }
            var rows: [(key: AddressKey, address: String)] = []
            while try findTargets.step() { rows.append((AddressKey(text: findTargets.text(0)), findTargets.text(1))) }
            return rows
        }
        let targets = try rows.map { row throws(DirectoryError) in try parse(row.address) }
        return DirectoryEntry(
            address: address,
            content: kind == .alias ? .alias(targets: targets, forward: row.forward) : .group(members: targets, forward: row.forward),
            id: row.id, targetKeys: rows.map(\.key))
    }

    func parse(_ text: String) throws(DirectoryError) -> EmailAddress {
        guard let address = EmailAddress(recorded: text) else { throw .damaged("'\(text)' is not an address") }
        return address
    }

    // MARK: Statements

    /// Runs a change in one transaction. Whatever was read meanwhile is forgotten afterwards, also when the change is refused.
    func change<Success>(_ body: () throws(DirectoryError) -> Success) throws(DirectoryError) -> Success {
        cache.removeAll()
        defer {
            generation &+= 1
            cache.removeAll()
            // Where it cannot be read, it is as before; the next change asks again.
            if hasNeverHadAnybody, let now = try? Self.hasNeverHadAnybody(connection) { hasNeverHadAnybody = now }
        }
        return try connection.transaction(orThrow: { DirectoryError.storage($0) }, body)
    }

    func storage<Success>(_ body: () throws(SQLiteError) -> Success) throws(DirectoryError) -> Success {
        do throws(SQLiteError) { return try body() } catch { throw .storage(error) }
    }

    /// A value of a statement off the mail path.
    enum Value {
        case integer(Int64)
        case text(String)
        case null
    }

    /// Runs a statement and reads its rows. Statements are kept by their text, of which there is a fixed number.
    @discardableResult
    func query<Row>(
        _ sql: String, _ values: [Value], _ read: (SQLiteStatement) throws(DirectoryError) -> Row
    ) throws(DirectoryError) -> [Row] {
        let statement = try storage { () throws(SQLiteError) in
            let statement: SQLiteStatement
            if let kept = statements[sql] { statement = kept } else { statement = try connection.prepare(sql) }
            statements[sql] = statement
            for (index, value) in values.enumerated() {
                switch value {
                case .integer(let number): try statement.bind(number, at: index + 1)
                case .text(let text): try statement.bind(text, at: index + 1)
                case .null: try statement.bindNull(at: index + 1)
                }
            }
            return statement
        }
        defer {
            statement.reset()
            // A verifier or an address does not stay in the statement.
            statement.clearBindings()
        }
        var rows: [Row] = []
        while try storage({ () throws(SQLiteError) in try statement.step() }) { rows.append(try read(statement)) }
        return rows
    }

    /// Runs a statement that has no rows.
    func run(_ sql: String, _ values: [Value]) throws(DirectoryError) { try query(sql, values) { _ in () } }
}
