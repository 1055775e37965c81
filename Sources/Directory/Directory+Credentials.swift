import Credentials
import DurableStorage
import MailVocabulary

/// One way of an account to log in, for a list.
public struct Credential: Hashable, Sendable {
    /// As it was entered; compared in lower case.
    public let loginName: String
    /// What it is for, in the user's words: `phone`.
    public let label: String
    /// False: the name is reserved, nobody can log in with it.
    public let hasPassword: Bool
    /// The password is kept sealed besides, so that it can be read again with the key file.
    public let isRecoverable: Bool
    public let createdAt: Timestamp
    public let expiresAt: Timestamp?
    /// To within `Directory.Settings.lastUseGranularity`.
    public let lastUsedAt: Timestamp?
}

/// What is needed to check a login, by PLAIN or by SCRAM.
public struct CredentialVerifier: Hashable, Sendable {
    public let account: AccountID
    public let address: EmailAddress
    /// The key under which the credential lies: it and the account are the owner of the secret.
    public let loginKey: String
    public let verifier: SCRAMVerifier
    /// The password itself, sealed; nil where it is not recoverable.
    public let secret: SealedSecret?
}

extension Directory {
    /// Sets the password of a login name; its other data stays.
    ///
    /// - Parameter secret: the same password sealed, where it is to be recoverable; nil removes the one there was.
    /// - Throws: `.noSuchLoginName`, `.password`.
    public func setPassword(loginName: String, _ password: String, secret: SealedSecret? = nil) throws(DirectoryError) {
        try setVerifier(loginName: loginName, try makeVerifier(password), secret: secret)
    }

    /// The same with keys made elsewhere; nil: nobody can log in with this name until it has a password again.
    public func setVerifier(loginName: String, _ verifier: SCRAMVerifier?, secret: SealedSecret? = nil) throws(DirectoryError) {
        try change { () throws(DirectoryError) in
            let key = try knownLoginKey(loginName)
            try run(
                "UPDATE credentials SET verifier = ?, secret = ? WHERE login_key = ?",
                [verifier.map { .text($0.text) } ?? .null, secret.map { .text($0.text) } ?? .null, .text(key)])
            guard connection.changes == 1 else { throw .noSuchLoginName(loginName) }
        }
    }

    /// Gives an account one more login name with a password of its own, as for a device.
    ///
    /// - Parameters:
    ///   - label: what it is for; at most 200 octets.
    ///   - secret: the same password sealed for this account and ``key(ofNewLogin:)``, where it is to be recoverable.
    ///   - expiresAt: from then on it is as if it did not exist; nil: never.
    /// - Throws: `.noSuchUser`, `.loginNameTaken`, `.invalidLoginName`, `.invalidLabel`, `.tooManyCredentials`, `.password`.
    public func addCredential(
        to address: EmailAddress, loginName: String, label: String = "", password: String, secret: SealedSecret? = nil,
        expiresAt: Timestamp? = nil, now: Timestamp = .now()
    ) throws(DirectoryError) {
        try addCredential(
            to: address, loginName: loginName, label: label, verifier: try makeVerifier(password), secret: secret, expiresAt: expiresAt,
            now: now)
    }

    /// The same with keys made elsewhere.
    public func addCredential(
        to address: EmailAddress, loginName: String, label: String = "", verifier: SCRAMVerifier, secret: SealedSecret? = nil,
        expiresAt: Timestamp? = nil, now: Timestamp = .now()
    ) throws(DirectoryError) {
        try change { () throws(DirectoryError) in
            let account = try existing(address, .user).id
            let count = try query("SELECT count(*) FROM credentials WHERE account = ?", [.integer(account)]) { $0.integer(0) }
            guard count[0] < Self.maximumCredentials else {
                throw .tooManyCredentials(address, limit: Self.maximumCredentials)
            }
            try insertCredential(
                account: account, loginName: loginName, label: label, verifier: verifier, secret: secret, expiresAt: expiresAt,
                now: now)
        }
    }

    /// The account's credentials, the first (its address) first.
    public func listCredentials(of address: EmailAddress) throws(DirectoryError) -> [Credential] {
        let account = try existing(address, .user).id
        return try query(
            """
            SELECT login_name, label, verifier IS NOT NULL, created_at, expires_at, last_used_at, secret IS NOT NULL
            FROM credentials WHERE account = ? ORDER BY id
            """, [.integer(account)]
        ) { row in
            Credential(
                loginName: row.text(0), label: row.text(1), hasPassword: row.boolean(2), isRecoverable: row.boolean(6),
                createdAt: Timestamp(microseconds: row.integer(3)),
                expiresAt: row.optionalInteger(4).map { Timestamp(microseconds: $0) },
                lastUsedAt: row.optionalInteger(5).map { Timestamp(microseconds: $0) })
        }
    }

    /// Removes a credential. Of the account's own address only the password goes: the name stays reserved for the account.
    ///
    /// - Throws: `.noSuchLoginName`.
    public func removeCredential(loginName: String) throws(DirectoryError) {
        try change { () throws(DirectoryError) in
            let key = try knownLoginKey(loginName)
            try run(
                """
                UPDATE credentials SET verifier = NULL, secret = NULL
                WHERE login_key = ?1 AND account = (SELECT id FROM entries WHERE key = ?1 AND kind = 1)
                """, [.text(key)])
            if connection.changes == 1 { return }
            try run("DELETE FROM credentials WHERE login_key = ?", [.text(key)])
            guard connection.changes == 1 else { throw .noSuchLoginName(loginName) }
        }
    }

    // MARK: Logging in

    /// What a login with this name is checked against; nil where there is no such name, no password, or it has expired.
    public func credentialVerifier(loginName: String, now: Timestamp = .now()) throws(DirectoryError) -> CredentialVerifier? {
        guard (try? loginKey(loginName)) != nil else { return nil }  // a name nobody can have is an unknown name
        let key = try knownLoginKey(loginName)
        return try query(
            """
            SELECT account, entries.address, login_key, verifier, secret FROM credentials JOIN entries ON entries.id = account
            WHERE login_key = ? AND verifier IS NOT NULL AND (expires_at IS NULL OR expires_at > ?)
            """, [.text(key), .integer(now.microseconds)]
        ) { row throws(DirectoryError) in try self.verifier(of: row) }.first
    }

    /// All that somebody can log in with, by account: for another server that shall take the same passwords.
    public func credentialVerifiers(now: Timestamp = .now()) throws(DirectoryError) -> [CredentialVerifier] {
        try query(
            """
            SELECT account, entries.address, login_key, verifier, secret FROM credentials JOIN entries ON entries.id = account
            WHERE verifier IS NOT NULL AND (expires_at IS NULL OR expires_at > ?) ORDER BY entries.key, credentials.id
            """, [.integer(now.microseconds)]
        ) { row throws(DirectoryError) in try self.verifier(of: row) }
    }

    private func verifier(of row: SQLiteStatement) throws(DirectoryError) -> CredentialVerifier {
        let key = row.text(2)
        guard let verifier = SCRAMVerifier(parsing: row.text(3)) else { throw .damaged("the verifier of the login name \(key)") }
        var secret: SealedSecret?
        if let text = row.optionalText(4) {
            guard let sealed = SealedSecret(parsing: text) else { throw .damaged("the secret of the login name \(key)") }
            secret = sealed
        }
        return CredentialVerifier(
            account: AccountID(value: row.integer(0)), address: try parse(row.text(1)), loginKey: key, verifier: verifier, secret: secret)
    }

    /// The key that a new login name would lie under.
    ///
    /// - Throws: `.invalidLoginName`.
    public func key(ofNewLogin loginName: String) throws(DirectoryError) -> String { try loginKey(loginName) }

    /// Whose login name it is, whatever it is checked against (a ticket of Kerberos needs no password here), and the one spelling that
    /// all spellings of the name share; nil where nobody has it, or it has expired.
    public func owner(ofLogin loginName: String, now: Timestamp = .now()) throws(DirectoryError) -> (account: EmailAddress, key: String)? {
        guard (try? loginKey(loginName)) != nil else { return nil }  // a name nobody can have is an unknown name
        let key = try knownLoginKey(loginName)
        return try query(
            """
            SELECT entries.address FROM credentials JOIN entries ON entries.id = account
            WHERE login_key = ? AND (expires_at IS NULL OR expires_at > ?)
            """, [.text(key), .integer(now.microseconds)]
        ) { row throws(DirectoryError) in (try self.parse(row.text(0)), key) }.first
    }

    /// What SCRAM shows for a name without a credential: always the same for the same name, and matched by no password.
    public func decoyVerifier(loginName: String) throws(DirectoryError) -> SCRAMVerifier {
        // A name nobody can have gets a decoy like any other, and a bare name the one of the address that it stands for.
        let key = completedLoginKey(loginName) ?? (try? loginKey(loginName)) ?? loginName
        do {
            return try SCRAMVerifier(decoyFor: key, secret: decoySecret, iterations: settings.iterations)
        } catch {
            throw .cryptography(error.operation)
        }
    }

    /// Checks a password, and notes the use if it is right. Takes milliseconds of computing, for an unknown name as for a known one.
    ///
    /// - Returns: the account; nil for a wrong password, an unknown name, an expired credential, without telling which.
    public func verify(loginName: String, password: String, now: Timestamp = .now()) throws(DirectoryError) -> AccountID? {
        let found = try credentialVerifier(loginName: loginName, now: now)
        let decoy = try decoyVerifier(loginName: loginName)
        // What cannot be a password is checked as one that is wrong, and a decoy as a verifier: the work is the same.
        let isRight: Bool
        do { isRight = try (found?.verifier ?? decoy).matches(received: password) } catch { throw .cryptography(error.operation) }
        guard isRight, let found else { return nil }
        try recordUse(loginName: loginName, now: now)
        return found.account
    }

    /// Notes that a credential was used. Writes only where the last note is older than `Settings.lastUseGranularity`.
    public func recordUse(loginName: String, now: Timestamp = .now()) throws(DirectoryError) {
        let key = try knownLoginKey(loginName)
        let before = now - settings.lastUseGranularity
        let isDue = try query(
            "SELECT last_used_at IS NULL OR last_used_at < ? FROM credentials WHERE login_key = ?",
            [.integer(before.microseconds), .text(key)]
        ) { $0.boolean(0) }.first
        guard isDue == true else { return }
        // No recipient depends on it: the cache stays.
        try run("UPDATE credentials SET last_used_at = ? WHERE login_key = ?", [.integer(now.microseconds), .text(key)])
    }

    // MARK: Internals

    func makeVerifier(_ password: String) throws(DirectoryError) -> SCRAMVerifier {
        try Self.makeVerifier(password, iterations: settings.iterations)
    }

    /// The keys of a new password, on any thread: they cost tens of milliseconds.
    ///
    /// - Throws: `.password`, `.cryptography`.
    public static func makeVerifier(_ password: String, iterations: Int) throws(DirectoryError) -> SCRAMVerifier {
        let prepared: PreparedPassword
        do { prepared = try PreparedPassword(password) } catch { throw .password(error) }
        do {
            return try SCRAMVerifier(password: prepared, iterations: iterations)
        } catch {
            throw .cryptography(error.operation)
        }
    }

    func insertCredential(
        account: Int64, loginName: String, label: String, verifier: SCRAMVerifier?, secret: SealedSecret? = nil, expiresAt: Timestamp?,
        now: Timestamp
    ) throws(DirectoryError) {
        let key = try loginKey(loginName)
        guard label.utf8.count <= Self.maximumLabelOctets, !Self.hasControlCharacters(label) else { throw .invalidLabel(label) }
        // A bare name and what the default domain makes of it are one name to whoever logs in.
        for spelling in try spellings(of: loginName) {
            if let holder = try holder(ofLogin: spelling) { throw .loginNameTaken(loginName, by: holder) }
            guard let entry = try load(AddressKey(text: spelling)), entry.id != account else { continue }
            let own = try ownAddresses(of: AccountID(value: account))
            guard own.contains(where: { $0.lookupKey == spelling }) else {
                throw .loginNameIsAddress(loginName, of: entry.address, as: entry.kind)
            }
        }
        try run(
            """
            INSERT INTO credentials (account, login_key, login_name, label, verifier, secret, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(account), .text(key), .text(loginName), .text(label), verifier.map { .text($0.text) } ?? .null,
                secret.map { .text($0.text) } ?? .null, .integer(now.microseconds), expiresAt.map { .integer($0.microseconds) } ?? .null,
            ])
    }

    /// An address as addresses compare, any other name in lower case and composed.
    func loginKey(_ loginName: String) throws(DirectoryError) -> String {
        guard (1...Self.maximumLoginNameOctets).contains(loginName.utf8.count), !Self.hasControlCharacters(loginName) else {
            throw .invalidLoginName(loginName)
        }
        return EmailAddress(parsing: loginName)?.lookupKey ?? loginName.comparableName
    }

    /// The key of this login name as it is stored: as it was said, or, for a bare name, completed by the default domain.
    private func knownLoginKey(_ loginName: String) throws(DirectoryError) -> String {
        let key = try loginKey(loginName)
        guard let completed = completedLoginKey(loginName), try holder(ofLogin: key) == nil else { return key }
        return completed
    }

    /// The key of `name@default-domain` for a bare name.
    private func completedLoginKey(_ loginName: String) -> String? {
        guard let domain = domains.defaultDomain, !loginName.contains("@") else { return nil }
        return EmailAddress(parsing: "\(loginName)@\(domain)")?.lookupKey
    }

    /// All keys that mean the same login: of an address in the default domain also the bare name, and the other way round.
    private func spellings(of loginName: String) throws(DirectoryError) -> [String] {
        let key = try loginKey(loginName)
        let other = completedLoginKey(loginName) ?? EmailAddress(parsing: loginName).flatMap { bareLoginKey(of: $0) }
        return [key] + (other.map { [$0] } ?? [])
    }

    private func bareLoginKey(of address: EmailAddress) -> String? {
        guard let domain = domains.defaultDomain, address.domain == .name(domain) else { return nil }
        return address.localPart.comparableName
    }

    /// The account that has this login.
    private func holder(ofLogin key: String) throws(DirectoryError) -> EmailAddress? {
        try query("SELECT entries.address FROM credentials JOIN entries ON entries.id = account WHERE login_key = ?", [.text(key)]) {
            row throws(DirectoryError) in try self.parse(row.text(0))
        }.first
    }

    /// Refuses an alias or group with an address that somebody logs in with who would not get its mail alone.
    ///
    /// - Parameter owner: where all of its mail goes; nil: to several, or nobody.
    func checkLogins(beside address: EmailAddress, owner: EmailAddress?) throws(DirectoryError) {
        for key in [address.lookupKey] + (bareLoginKey(of: address).map { [$0] } ?? []) {
            guard let holder = try holder(ofLogin: key) else { continue }
            if let owner, let expansion = try expand(owner), expansion.outside.isEmpty, expansion.mailboxes == [holder] { continue }
            throw .loginNameTaken(key, by: holder)
        }
    }

    private static func hasControlCharacters(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
