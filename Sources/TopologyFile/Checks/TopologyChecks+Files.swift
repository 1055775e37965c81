import Topology

extension TopologyChecks {
    /// Each process opens only the files that its role needs; so each of these must be readable for this process.
    mutating func checkFiles(neededBy role: Role) {
        switch role {
        case .edge:
            checkNameFiles()
            for server in topology.virtualServers where server.isEdge { checkCertificate(of: server) }
        case .submission:
            checkNameFiles()
            for server in topology.virtualServers where !server.isEdge { checkCertificate(of: server) }
        case .delivery:
            checkNameFiles()
            for connector in topology.connectors {
                guard let authentication = connector.authentication else { continue }
                checkFile(
                    authentication.passwordFile, at: place("connectors", connector.name, "authentication", "password_file"), for: role)
            }
        case .mailbox:
            if topology.connectors.contains(where: \.needsNames) { checkNameFiles(for: role) }
        case .auth:
            if let key = topology.identity.recoverableSecretsKey {
                checkFile(key, at: place("identity", "recoverable_secrets", "key"), for: role)
            }
            for server in topology.virtualServers {
                guard case .submission(let settings) = server.role, let keytab = settings.authentication.integrated?.keytab else {
                    continue
                }
                checkFile(keytab, at: place("virtual_servers", server.name, "authentication", "integrated", "keytab"), for: role)
            }
        case .core: break
        }

        func checkNameFiles(for role: Role = role) {
            if let file = topology.resolver.hostsFile { checkFile(file, at: place("resolver", "hosts_file"), for: role) }
            if case .trustAnchor(let file) = topology.resolver.dnssec {
                checkFile(file, at: place("resolver", "dnssec", "trust_anchor"), for: role)
            }
        }

        func checkCertificate(of server: VirtualServer) {
            guard let name = server.tls.certificate, let files = topology.certificates[name] else { return }
            checkFile(files.certificate, at: place("certificates", name, "certificate"), for: role)
            checkFile(files.key, at: place("certificates", name, "key"), for: role)
        }
    }

    private mutating func checkFile(_ file: String, at place: (location: SourceLocation, path: String), for role: Role) {
        guard !file.isEmpty, let problem = FileBytes.problem(reading: file) else { return }
        let finding = Finding(
            .error, at: place.location, path: place.path, "postern-\(role.rawValue) cannot read \(file): \(problem)",
            accepted: "a file that its account may read")
        // Two servers may name one certificate.
        if !report.findings.contains(finding) {
            report.error(finding.location, finding.path, finding.message, accepted: finding.accepted)
        }
    }
}

extension Connector {
    /// Whether its delivery to mailboxes looks up a host.
    fileprivate var needsNames: Bool {
        if case .lmtp(.tcp(.name, _)) = deliver { true } else { false }
    }
}
