import Topology

/// Whose files are looked at when a configuration is read.
public enum FilesToCheck: Hashable, Sendable {
    /// None but the configuration itself.
    case none
    /// Those that this role reads: what it cannot read is an error.
    case of(Role)
    /// Those of all roles, as far as this process can tell: what is missing, or a folder, keeps a daemon from starting, and is an error.
    /// A file that is closed to this process may be open to another's account; that is an error for the reader's own role alone.
    case ofAll(reader: Role?)
}

extension TopologyChecks {
    /// A file that a role opens, and the keys that name it.
    struct NeededFile {
        let path: String
        let keys: [String]
        /// Not for everybody on the machine to read.
        var isSecret = false
    }

    mutating func check(_ files: FilesToCheck) {
        switch files {
        case .none: return
        case .of(let role): checkFiles(of: role, isReader: true)
        case .ofAll(let reader):
            for role in Role.allCases { checkFiles(of: role, isReader: role == reader) }
        }
    }

    private mutating func checkFiles(of role: Role, isReader: Bool) {
        // A feature that does not act yet needs nothing.
        for file in files(of: role) where !file.path.isEmpty && ConfigurationModel.acts(file.keys, in: root) {
            let place = place(file.keys)
            let path = Printable.escaped(file.path)
            if file.isSecret, FileBytes.isOpenToEverybody(file.path) {
                report.error(
                    place.location, place.path, "\(path): everybody on this machine can read the password",
                    accepted: "a file of mode 0600 or 0640")
                continue
            }
            guard let problem = FileBytes.problem(reading: file.path) else { continue }
            if problem.mayBeOfThisAccount, !isReader {
                report.warning(
                    place.location, place.path,
                    "\(path): \(problem.message) for this account; postern-\(role.rawValue) must be able to read it")
            } else {
                report.error(
                    place.location, place.path, "postern-\(role.rawValue) cannot read \(path): \(problem.message)",
                    accepted: "a file that its account may read")
            }
        }
    }

    /// Each process opens only the files that its role needs; so each of these must be readable for it. Each file once.
    func files(of role: Role) -> [NeededFile] {
        var files: [NeededFile] = []
        func add(_ path: String?, _ keys: String..., isSecret: Bool = false) {
            guard let path, !files.contains(where: { $0.keys == keys }) else { return }
            files.append(NeededFile(path: path, keys: keys, isSecret: isSecret))
        }
        func addNames() {
            add(topology.resolver.hostsFile, "resolver", "hosts_file")
            if case .trustAnchor(let file) = topology.resolver.dnssec { add(file, "resolver", "dnssec", "trust_anchor") }
        }
        func addCertificate(of server: VirtualServer) {
            for name in server.tls.certificates {
                guard let pair = topology.certificates[name] else { continue }
                add(pair.certificate, "certificates", name, "certificate")
                add(pair.key, "certificates", name, "key")
            }
        }
        switch role {
        case .edge:
            addNames()
            for server in topology.virtualServers where server.isEdge { addCertificate(of: server) }
        case .submission:
            addNames()
            for server in topology.virtualServers where !server.isEdge { addCertificate(of: server) }
        case .delivery:
            addNames()
            for connector in topology.connectors {
                add(
                    connector.authentication?.passwordFile, "connectors", connector.name, "authentication", "password_file",
                    isSecret: true)
                add(connector.certificateAuthorities, "connectors", connector.name, "tls", "ca")
            }
        case .auth:
            add(topology.identity.recoverableSecretsKey, "identity", "recoverable_secrets", "key")
            for server in topology.virtualServers {
                guard case .submission(let settings) = server.role else { continue }
                add(
                    settings.authentication.integrated?.keytab, "virtual_servers", server.name, "authentication", "integrated", "keytab")
            }
        case .core, .mailbox: break
        }
        return files
    }
}
