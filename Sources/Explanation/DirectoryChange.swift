import MailVocabulary

/// One change of a directory, as `postern directory import` says it and has it made.
public enum DirectoryChange: Hashable, Sendable {
    case addUser(EmailAddress)
    case addGroup(EmailAddress, forward: Bool)
    case addAlias(EmailAddress, [EmailAddress], forward: Bool)
    case addTargets(EmailAddress, [EmailAddress])
    case addMembers(EmailAddress, [EmailAddress])
    case removeTargets(EmailAddress, [EmailAddress])
    case removeMembers(EmailAddress, [EmailAddress])
    case removeAlias(EmailAddress)
    case removeGroup(EmailAddress)
    /// With credentials and passwords; the mail stays.
    case removeUser(EmailAddress)
}

extension DirectoryChange: CustomStringConvertible {
    /// `+ user bob@example.org`, `- member of staff@example.org: bob@example.org`.
    public var description: String {
        func list(_ addresses: [EmailAddress]) -> String {
            let shown = addresses.prefix(5).map(\.description).joined(separator: ", ")
            return addresses.count > 5 ? "\(shown) and \(addresses.count - 5) more" : shown
        }
        return switch self {
        case .addUser(let address): "+ user \(address)"
        case .addGroup(let address, let forward): "+ group \(address)\(forward ? ", which may lead outside" : "")"
        case .addAlias(let address, let targets, let forward):
            "+ alias \(address)\(forward ? ", which may lead outside" : ""): \(list(targets))"
        case .addTargets(let address, let targets): "+ target of \(address): \(list(targets))"
        case .addMembers(let address, let members): "+ member of \(address): \(list(members))"
        case .removeTargets(let address, let targets): "- target of \(address): \(list(targets))"
        case .removeMembers(let address, let members): "- member of \(address): \(list(members))"
        case .removeAlias(let address): "- alias \(address)"
        case .removeGroup(let address): "- group \(address)"
        case .removeUser(let address): "- user \(address), with all passwords"
        }
    }
}
