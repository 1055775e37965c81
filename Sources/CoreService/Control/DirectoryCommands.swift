import CoreLink
import Credentials
import Directory
import Explanation
import MailVocabulary
import Topology

/// `postern user`, `postern alias`, `postern group`, `postern credential`: the directory is changed through the running core alone.
struct DirectoryCommands {
    let core: Core
    /// Whether who asks may have what passwords are checked with: root, and the account that could read it from the disk anyway.
    let mayReadVerifiers: Bool
    /// The keys of the password that the request has, made before on another thread; nil where it has none.
    var verifier: Result<SCRAMVerifier, DirectoryError>?

    /// The new password that a request has, if it does.
    static func password(in request: ControlRequest) -> String? {
        let place: Int
        switch request.command {
        case .userAdd, .userPassword: place = 1
        case .credentialAdd: place = 3
        default: return nil
        }
        return request.arguments.count > place ? request.arguments[place] : nil
    }

    /// - Throws: `ControlRefusal` where the arguments are not what the request needs, `DirectoryError` where the directory refuses.
    func run(_ request: ControlRequest) throws -> [JSONObject] {
        var arguments = ControlArguments(request.arguments, defaultDomain: core.topology.defaultDomain)
        let directory = core.directory
        switch request.command {
        case .userAdd:
            let (address, password) = (try arguments.address(), arguments.optionalText())
            try arguments.end()
            try refuseUnlessNameable(address)
            _ = try directory.addUser(address, verifier: password == nil ? nil : try verifier?.get())
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
            let address = try arguments.lastAddress()
            if !force { try refuseIfNamed(address) }
            let removed = try directory.removeUser(address, removingReferences: force)
            core.tokens.forget(account: address)
            return Self.removed(removed)
        case .userPassword:
            let loginName = try arguments.text("a login name")
            let key = try directory.owner(ofLogin: loginName)?.key
            _ = try arguments.text("a password")
            let secret = try secret(arguments.optionalText())
            try arguments.end()
            try directory.setVerifier(loginName: loginName, try verifier?.get(), secret: secret)
            if let key { core.tokens.forget(loginKey: key) }
        case .credentialAdd:
            let (address, login, label) = (try arguments.address(), try arguments.text("a login name"), try arguments.text("a label"))
            _ = try arguments.text("a password")
            let expiresAt = try arguments.expiry()
            let secret = try secret(arguments.optionalText())
            try arguments.end()
            guard let verifier = try verifier?.get() else { throw ControlRefusal.usage("a password is missing") }
            try directory.addCredential(
                to: address, loginName: login, label: label, verifier: verifier, secret: secret, expiresAt: expiresAt)
        case .credentialList: return try directory.listCredentials(of: try arguments.lastAddress()).map(Self.object)
        case .credentialRemove:
            let loginName = try arguments.lastText("a login name")
            let key = try directory.owner(ofLogin: loginName)?.key
            try directory.removeCredential(loginName: loginName)
            if let key { core.tokens.forget(loginKey: key) }
        case .credentialOwner: return [try owner(&arguments)]
        case .userExport:
            try arguments.end()
            guard mayReadVerifiers else {
                throw ControlRefusal.notPermitted("only root and the account of the core may have what passwords are checked with")
            }
            return try export()
        case .aliasAdd:
            let forward = arguments.flag("--forward")
            try directory.addAlias(try arguments.address(), to: try arguments.addresses(), forward: forward)
        case .aliasList: return try directory.listAliases().flatMap(Self.objects)
        case .aliasRemove:
            let force = arguments.flag("--force")
            let address = try arguments.lastAddress()
            if !force { try refuseIfNamed(address) }
            return Self.removed(try directory.removeAlias(address, removingReferences: force))
        case .aliasTargetAdd:
            let forward = arguments.flag("--forward")
            let alias = try arguments.address()
            try directory.addTargets(try arguments.addresses(), to: alias, forward: forward)
        case .aliasTargetRemove:
            let alias = try arguments.address()
            try directory.removeTargets(try arguments.addresses(), from: alias)
        case .groupAdd:
            let forward = arguments.flag("--forward")
            try directory.addGroup(try arguments.lastAddress(), forward: forward)
        case .groupList: return try directory.listGroups().flatMap(Self.objects)
        case .groupRemove:
            let force = arguments.flag("--force")
            let address = try arguments.lastAddress()
            if !force { try refuseIfNamed(address) }
            return Self.removed(try directory.removeGroup(address, removingReferences: force))
        case .groupMemberAdd:
            let group = try arguments.address()
            try directory.addMembers(try arguments.addresses(), to: group)
        case .groupMemberRemove:
            let group = try arguments.address()
            try directory.removeMembers(try arguments.addresses(), from: group)
        case .status, .metrics, .reload, .configuration, .queueList, .queueShow, .queueRelease, .queueDelete, .explainRefusal,
            .explainMessage:
            preconditionFailure("answered by the session itself")
        }
        return []
    }

    /// A sealed password, as the command has made it: the core could not, since it has no key.
    private func secret(_ text: String?) throws(ControlRefusal) -> SealedSecret? {
        guard let text else { return nil }
        guard core.topology.identity.recoverableSecretsKey != nil else {
            throw .configuration("no password is recoverable here: the running configuration has no identity.recoverable_secrets")
        }
        guard let secret = SealedSecret(parsing: text) else { throw .usage("the sealed password is malformed") }
        return secret
    }

    /// Whom the password of a login name is sealed for. With an address: of one that is to be made for that account.
    private func owner(_ arguments: inout ControlArguments) throws -> JSONObject {
        let loginName = try arguments.text("a login name")
        var object = JSONObject()
        if let word = arguments.optionalText() {
            var rest = ControlArguments([word], defaultDomain: core.topology.defaultDomain)
            object.add("account", "\(try rest.address())")
            object.add("login_key", try core.directory.key(ofNewLogin: loginName))
        } else {
            guard let owner = try core.directory.owner(ofLogin: loginName) else { throw DirectoryError.noSuchLoginName(loginName) }
            object.add("account", "\(owner.account)")
            object.add("login_key", owner.key)
        }
        try arguments.end()
        return object
    }

    /// Every account once without, and every credential that can log in with its verifier.
    private func export() throws -> [JSONObject] {
        let accounts = try core.directory.listUsers().map { user in
            var object = JSONObject()
            object.add("account", "\(user.address)")
            return object
        }
        return accounts
            + (try core.directory.credentialVerifiers().map { credential in
                var object = JSONObject()
                object.add("account", "\(credential.address)")
                object.add("login_key", credential.loginKey)
                object.add("verifier", credential.verifier.text)
                return object
            })
    }

    /// Refuses to remove what the running configuration names: `deny: ["group:students"]` would permit without a word.
    private func refuseIfNamed(_ address: EmailAddress) throws(ControlRefusal) {
        let places = ConfiguredName.all(naming: address, in: core.topology).map { "\($0.path) (\($0.location))" }
        guard !places.isEmpty else { return }
        let more = places.count > 5 ? " and \(places.count - 5) more places" : ""
        throw .data(
            "the configuration names \(address) in \(places.prefix(5).joined(separator: ", "))\(more): "
                + "take it out there and reload first, or remove it all the same with --force")
    }

    /// Refuses an account whose mail could never be written: its domain is delivered to Maildirs, and no folder can have its name.
    private func refuseUnlessNameable(_ address: EmailAddress) throws(ControlRefusal) {
        guard let domain = address.domain.name, let problem = MaildirName.problem(address.localPart.lowercased()) else { return }
        for connector in core.topology.connectors(covering: domain) {
            guard case .maildir = connector.deliver else { continue }
            throw .data("\(address) cannot have a mailbox: connector \(connector.name) delivers to Maildirs, and \(problem)")
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
        object.add("recoverable", credential.isRecoverable)
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
