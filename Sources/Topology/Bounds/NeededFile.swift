/// A file that a role opens, and the keys that name it.
public struct NeededFile: Hashable, Sendable {
    public let path: String
    public let keys: [String]
    /// Not for everybody on the machine to read.
    public let isSecret: Bool
    public let content: Content

    public init(path: String, keys: [String], isSecret: Bool, content: Content) {
        (self.path, self.keys, self.isSecret, self.content) = (path, keys, isSecret, content)
    }

    /// What should be in it.
    public enum Content: Hashable, Sendable {
        case hostNames
        case trustAnchors
        case certificate
        /// - Parameter certificate: the file that the key belongs to.
        case privateKey(certificate: String)
        /// In its first line.
        case password
        case authorities
        /// The key of recoverable secrets.
        case secretsKey
        case keytab

        /// Whether who reads it could pass for this server, or for a person.
        public var isConfidential: Bool {
            switch self {
            case .privateKey, .password, .secretsKey, .keytab: true
            case .hostNames, .trustAnchors, .certificate, .authorities: false
            }
        }
    }
}

extension Topology {
    /// Each process opens only the files that its role needs; so each of these must be readable for it. Each file once.
    public func files(of role: Role) -> [NeededFile] {
        var files: [NeededFile] = []
        func add(_ path: String?, _ keys: String..., content: NeededFile.Content, isSecret: Bool = false) {
            guard let path, !files.contains(where: { $0.keys == keys }) else { return }
            files.append(NeededFile(path: path, keys: keys, isSecret: isSecret, content: content))
        }
        func addNames() {
            add(resolver.hostsFile, "resolver", "hosts_file", content: .hostNames)
            if case .trustAnchor(let file) = resolver.dnssec { add(file, "resolver", "dnssec", "trust_anchor", content: .trustAnchors) }
        }
        func addCertificate(of server: VirtualServer) {
            for name in server.tls.certificates {
                guard let pair = certificates[name] else { continue }
                add(pair.certificate, "certificates", name, "certificate", content: .certificate)
                add(pair.key, "certificates", name, "key", content: .privateKey(certificate: pair.certificate))
            }
        }
        switch role {
        case .edge:
            addNames()
            for server in virtualServers where server.isEdge { addCertificate(of: server) }
        case .submission:
            addNames()
            for server in virtualServers where !server.isEdge { addCertificate(of: server) }
        case .delivery:
            addNames()
            for connector in connectors {
                add(
                    connector.authentication?.passwordFile, "connectors", connector.name, "authentication", "password_file",
                    content: .password, isSecret: true)
                add(connector.certificateAuthorities, "connectors", connector.name, "tls", "ca", content: .authorities)
            }
        case .auth:
            add(identity.recoverableSecretsKey, "identity", "recoverable_secrets", "key", content: .secretsKey)
            for server in virtualServers {
                add(
                    server.submission?.authentication.integrated?.keytab, "virtual_servers", server.name, "authentication", "integrated",
                    "keytab", content: .keytab)
            }
        case .core, .mailbox: break
        }
        return files
    }
}
