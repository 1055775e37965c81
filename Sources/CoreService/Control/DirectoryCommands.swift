import CoreLink
import Directory
import MailVocabulary

/// `postern user`, `postern alias`, `postern group`, `postern credential`: the directory is changed through the running core alone.
struct DirectoryCommands {
    let core: Core

    /// - Throws: `ControlRefusal` where the arguments are not what the request needs, `DirectoryError` where the directory refuses.
    func run(_ request: ControlRequest) throws -> [JSONObject] {
        var arguments = ControlArguments(request.arguments, defaultDomain: core.topology.defaultDomain)
        let directory = core.directory
        switch request.command {
        case .userAdd:
            let (address, password) = (try arguments.address(), arguments.optionalText())
            try arguments.end()
            _ = try directory.addUser(address, password: password)
        case .userList:
            return try directory.listUsers().map { user in
                var object = JSONObject()
                object.add("address", "\(user.address)")
                object.add("created_at", "\(user.createdAt)")
                object.add("credentials", user.credentials)
                return object
            }
        case .userRemove:
            let force = arguments.flag("--force")
            return Self.removed(try directory.removeUser(try arguments.lastAddress(), removingReferences: force))
        case .userPassword: try directory.setPassword(loginName: try arguments.text("a login name"), try arguments.lastText("a password"))
        case .credentialAdd:
            let (address, login, label) = (try arguments.address(), try arguments.text("a login name"), try arguments.text("a label"))
            try directory.addCredential(
                to: address, loginName: login, label: label, password: try arguments.text("a password"), expiresAt: try arguments.expiry())
        case .credentialList: return try directory.listCredentials(of: try arguments.lastAddress()).map(Self.object)
        case .credentialRemove: try directory.removeCredential(loginName: try arguments.lastText("a login name"))
        case .aliasAdd:
            let forward = arguments.flag("--forward")
            try directory.addAlias(try arguments.address(), to: try arguments.addresses(), forward: forward)
        case .aliasList: return try directory.listAliases().flatMap(Self.objects)
        case .aliasRemove:
            let force = arguments.flag("--force")
            return Self.removed(try directory.removeAlias(try arguments.lastAddress(), removingReferences: force))
        case .groupAdd:
            let forward = arguments.flag("--forward")
            try directory.addGroup(try arguments.lastAddress(), forward: forward)
        case .groupList: return try directory.listGroups().flatMap(Self.objects)
        case .groupRemove:
            let force = arguments.flag("--force")
            return Self.removed(try directory.removeGroup(try arguments.lastAddress(), removingReferences: force))
        case .groupMemberAdd:
            let group = try arguments.address()
            try Self.each(of: try arguments.addresses()) { member in try directory.addMember(member, to: group) }
        case .groupMemberRemove:
            let group = try arguments.address()
            try Self.each(of: try arguments.addresses()) { member in try directory.removeMember(member, from: group) }
        case .status, .metrics, .reload, .queueList, .queueShow:
            preconditionFailure("answered by the session itself")
        }
        return []
    }

    /// Does the same for each member; where one is refused, the person must know what became of those before it.
    private static func each(of members: [EmailAddress], _ body: (EmailAddress) throws -> Void) throws {
        for (index, member) in members.enumerated() {
            do {
                try body(member)
            } catch  where index > 0 {
                let refusal = ControlRefusal(error)
                let done = "done for the \(index) before it: \(members[..<index].prefix(5).map(\.description).joined(separator: ", "))"
                throw ControlRefusal(message: "\(refusal.message) (\(done)\(index > 5 ? ", …" : ""))", exitCode: refusal.exitCode)
            }
        }
    }

    /// Aliases that became empty with a removal, and went with it.
    private static func removed(_ aliases: [EmailAddress]) -> [JSONObject] {
        aliases.map { alias in
            var object = JSONObject()
            object.add("removed", "\(alias)")
            return object
        }
    }

    private static func object(_ credential: Credential) -> JSONObject {
        var object = JSONObject()
        object.add("login_name", credential.loginName)
        object.add("label", credential.label)
        object.add("has_password", credential.hasPassword)
        object.add("created_at", "\(credential.createdAt)")
        object.add("expires_at", credential.expiresAt.map { "\($0)" })
        object.add("last_used_at", credential.lastUsedAt.map { "\($0)" })
        return object
    }

    /// One object, or several of the same address where one would be longer than a frame may be.
    private static func objects(_ entry: DirectoryEntry) -> [JSONObject] {
        var objects: [JSONObject] = []
        var rest = entry.targets[...]
        repeat {
            let part = rest.prefix(mostTargets)
            rest = rest.dropFirst(mostTargets)
            var object = JSONObject()
            object.add("address", "\(entry.address)")
            object.add(entry.kind == .group ? "members" : "targets", part.map { "\($0)" })
            object.add("forward", entry.isForward)
            objects.append(object)
        } while !rest.isEmpty
        return objects
    }

    /// An address has at most 320 octets (RFC 5321 §4.5.3.1), in JSON no more than twice as many.
    private static let mostTargets = 250
}
