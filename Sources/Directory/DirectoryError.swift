import Credentials
import DurableStorage
import MailVocabulary

/// Why the directory did not do what was asked, for the person who asked.
public enum DirectoryError: Error, Hashable, Sendable {
    case noSuchUser(EmailAddress)
    case noSuchAlias(EmailAddress)
    case noSuchGroup(EmailAddress)
    /// The address exists, as something else than was asked for.
    case wrongKind(EmailAddress, is: DirectoryKind, wanted: DirectoryKind)
    case alreadyExists(EmailAddress, as: DirectoryKind)
    case domainNotOurs(EmailAddress)
    /// An entry in a domain that is another name of one; the address that is meant.
    case domainIsAlias(EmailAddress, of: EmailAddress)
    /// A `*` in the local part of anything but a catch-all, which is an alias `*@domain`.
    case wildcard(EmailAddress, as: DirectoryKind)
    case wildcardTarget(EmailAddress, of: EmailAddress)
    /// A target in one of our domains that the directory does not know.
    case noSuchTarget(EmailAddress, of: EmailAddress)
    /// A target outside our domains of an alias or group that is no forward.
    case targetOutside(EmailAddress, of: EmailAddress)
    case noTargets(EmailAddress)
    case tooManyTargets(EmailAddress, limit: Int)
    /// The way round: first and last are the same.
    case cycle([EmailAddress])
    case alreadyMember(EmailAddress, of: EmailAddress)
    case notAMember(EmailAddress, of: EmailAddress)
    case alreadyTarget(EmailAddress, of: EmailAddress)
    case notATarget(EmailAddress, of: EmailAddress)
    /// Removal of an address to which aliases or groups lead.
    case stillNamed(EmailAddress, by: [EmailAddress])
    case password(PasswordError)
    case invalidLoginName(String)
    case invalidLabel(String)
    case loginNameTaken(String, by: EmailAddress)
    /// The login name is, or is completed to, an address that belongs to somebody else.
    case loginNameIsAddress(String, of: EmailAddress, as: DirectoryKind)
    case noSuchLoginName(String)
    case tooManyCredentials(EmailAddress, limit: Int)
    /// The database is of a newer release, or cannot be brought to this one's schema.
    case schema(SchemaError)
    /// SQLite failed; nothing was changed.
    case storage(SQLiteError)
    /// A row holds what no release writes.
    case damaged(String)
    /// OpenSSL failed.
    case cryptography(String)

    /// The machine's failure (disk, damage), not the request's: the same request may succeed later.
    public var isInternal: Bool {
        switch self {
        case .schema, .storage, .damaged, .cryptography: true
        default: false
        }
    }
}

extension DirectoryError: CustomStringConvertible {
    /// One sentence without a full stop at its end, to stand after `error: `.
    public var description: String {
        switch self {
        case .noSuchUser(let address): "there is no user \(address)"
        case .noSuchAlias(let address): "there is no alias \(address)"
        case .noSuchGroup(let address): "there is no group \(address)"
        case .wrongKind(let address, let found, let wanted): "\(address) is \(article(found)), not \(article(wanted))"
        case .alreadyExists(let address, let kind): "\(address) already exists as \(article(kind))"
        case .domainNotOurs(let address): "\(address) is in none of the domains under `domains` in the configuration"
        case .domainIsAlias(let address, let meant):
            "\(address) cannot be an entry: \(address.domain) is an alias of \(meant.domain) in the configuration, so its mail is for \(meant)"
        case .wildcard(let address, .alias):
            "\(address) cannot be an alias: a `*` stands for a whole local part only, as in *@\(address.domain), which is every address that does not exist"
        case .wildcard(let address, let kind):
            "\(address) cannot be \(article(kind)): a `*` is nobody; an alias *@\(address.domain) takes the mail of every address that does not exist"
        case .wildcardTarget(let target, let owner): "\(owner) cannot lead to \(target): a `*` is nobody who could get mail"
        case .noSuchTarget(let target, let owner):
            "\(owner) cannot lead to \(target): that domain is ours, and there is no such user, alias or group"
        case .targetOutside(let target, let owner):
            "\(owner) cannot lead to \(target): that is outside our domains, which only a forward may do"
        case .noTargets(let address): "the alias \(address) needs at least one target"
        case .tooManyTargets(let address, let limit): "\(address) can have at most \(limit) targets"
        case .cycle(let addresses):
            "that would form a cycle: \(addresses.map(\.description).joined(separator: " → "))"
        case .alreadyMember(let member, let group): "\(member) already is a member of \(group)"
        case .notAMember(let member, let group): "\(member) is no member of \(group)"
        case .alreadyTarget(let target, let alias): "\(alias) already leads to \(target)"
        case .notATarget(let target, let alias): "\(alias) does not lead to \(target)"
        case .stillNamed(let address, let owners):
            "\(address) is still a target of \(owners.prefix(5).map(\.description).joined(separator: ", "))"
                + (owners.count > 5 ? " and \(owners.count - 5) more" : "")
                + ": remove it there first, or have it removed there, too"
        case .password(let error): error.description
        case .invalidLoginName(let name):
            "'\(printable(name))' cannot be a login name: 1 to \(Directory.maximumLoginNameOctets) octets, no control characters"
        case .invalidLabel(let label):
            "'\(printable(label))' cannot be a label: at most \(Directory.maximumLabelOctets) octets, no control characters"
        case .loginNameTaken(let name, let address): "the login name \(printable(name)) belongs to \(address)"
        case .loginNameIsAddress(let name, let address, let kind):
            "\(printable(name)) cannot be a login name of this account: it would be taken for \(address), \(article(kind)) that is not its own"
        case .noSuchLoginName(let name): "there is no login name \(printable(name))"
        case .tooManyCredentials(let address, let limit): "\(address) already has \(limit) credentials, which is the limit"
        case .schema(let error): error.description
        case .storage(let error): "the directory cannot be read or written: \(error)"
        case .damaged(let what): "the directory is damaged: \(what)"
        case .cryptography(let what): "OpenSSL failed: \(what)"
        }
    }

    private func article(_ kind: DirectoryKind) -> String { kind == .alias ? "an \(kind)" : "a \(kind)" }

    /// Control characters of what a person typed stay out of terminals and logs.
    private func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
