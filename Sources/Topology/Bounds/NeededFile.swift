/// A file that a role opens, and the keys that name it.
public struct NeededFile: Hashable, Sendable {
    public let path: String
    public let keys: [String]
    /// Not for everybody on the machine to read.
    public let isSecret: Bool
}

extension Topology {
    /// Each process opens only the files that its role needs; so each of these must be readable for it. Each file once.
    public func files(of role: Role) -> [NeededFile] {
        var files: [NeededFile] = []
        func add(_ path: String?, _ keys: String..., isSecret: Bool = false) {
            guard let path, !files.contains(where: { $0.keys == keys }) else { return }
            files.append(NeededFile(path: path, keys: keys, isSecret: isSecret))
        }
        func addNames() {
            add(resolver.hostsFile, "resolver", "hosts_file")
            if case .trustAnchor(let file) = resolver.dnssec { add(file, "resolver", "dnssec", "trust_anchor") }
        }
        func addCertificate(of server: VirtualServer) {
            for name in server.tls.certificates {
                guard let pair = certificates[name] else { continue }
                add(pair.certificate, "certificates", name, "certificate")
                add(pair.key, "certificates", name, "key")
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
                    isSecret: true)
                add(connector.certificateAuthorities, "connectors", connector.name, "tls", "ca")
            }
        case .auth:
            add(identity.recoverableSecretsKey, "identity", "recoverable_secrets", "key")
            for server in virtualServers {
                add(
                    server.submission?.authentication.integrated?.keytab, "virtual_servers", server.name, "authentication", "integrated",
                    "keytab")
            }
        case .core, .mailbox: break
        }
        return files
    }
}
