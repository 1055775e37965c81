import Credentials
import MailVocabulary

/// Dovecot's passwd-file: `user:password:uid:gid:(gecos):home:(shell):extra fields`, one line per login name.
///
/// The same file serves as passdb and userdb. Every account has a line of its own, also where nobody can log in with it: LMTP looks it up,
/// and so does a device after its login, which the field `user=` turns into its account.
struct DovecotPasswdFile {
    struct Fields {
        var uid = ""
        var gid = ""
        var home = ""
        /// Absolute.
        var maildir: String?
    }

    /// Login names that can log in.
    private(set) var count = 0
    /// What the format has no room for, one sentence each.
    private(set) var problems: [String] = []
    private var accounts: [String] = []
    private var passwords: [String: String] = [:]
    private var devices: [(login: String, account: String, password: String, fields: Fields)] = []
    private var fields: [String: Fields] = [:]

    /// - Parameters:
    ///   - login: nil tells of the account alone.
    ///   - verifier: the text of `SCRAMVerifier`.
    mutating func add(account: EmailAddress, login: String?, verifier: String, _ place: Fields) {
        let key = account.lookupKey
        guard Self.fits(key), Self.fits(place.home) else {
            if login == nil { problems.append("\(account) is left out: a passwd-file has no room for a colon or a space in its fields") }
            return
        }
        if fields[key] == nil {
            accounts.append(key)
            fields[key] = place
        }
        guard let login else { return }
        guard let keys = SCRAMVerifier(parsing: verifier) else { return problems.append("\(login) is left out: its keys are damaged") }
        guard Self.fits(login) else {
            return problems.append("\(login) is left out: a passwd-file has no room for a colon or a space in a name")
        }
        count += 1
        let password =
            "{SCRAM-SHA-256}\(keys.iterations),\(Base64.encode(keys.salt)),\(Base64.encode(keys.storedKey)),\(Base64.encode(keys.serverKey))"
        if login == key { passwords[key] = password } else { devices.append((login, key, password, place)) }
    }

    /// Sorted, so that nothing changes where nothing has.
    var text: String {
        var lines: [String: String] = [:]
        // `!` is no hash of any password (crypt(5)): there is an account, and nobody can log in as it.
        for key in accounts { lines[key] = Self.line(key, passwords[key] ?? "{CRYPT}!", fields[key] ?? Fields(), user: nil) }
        for device in devices { lines[device.login] = Self.line(device.login, device.password, device.fields, user: device.account) }
        return lines.sorted { $0.key < $1.key }.map { $0.value + "\n" }.joined()
    }

    private static func line(_ name: String, _ password: String, _ fields: Fields, user: String?) -> String {
        var extra: [String] = []
        if let user { extra.append("user=\(user)") }
        if let maildir = fields.maildir, fits(maildir) { extra.append("userdb_mail=maildir:\(maildir)") }
        return "\(name):\(password):\(fields.uid):\(fields.gid)::\(fields.home)::\(extra.joined(separator: " "))"
    }

    private static func fits(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") } }
}
