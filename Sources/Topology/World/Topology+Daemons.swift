extension Topology {
    /// The daemons beside the core that this configuration has work for.
    public var neededDaemons: Set<Role> {
        var needed: Set<Role> = []
        for server in virtualServers {
            guard let submission = server.submission else {
                needed.insert(.edge)
                continue
            }
            needed.insert(.submission)
            if !submission.authentication.mechanisms.isEmpty { needed.insert(.auth) }
        }
        for connector in connectors {
            switch connector.deliver {
            case .maildir, .lmtp: needed.insert(.mailbox)
            case .smartHosts, .dns: needed.insert(.delivery)
            case .held: break
            }
        }
        return needed
    }

    /// The keytab of GSS-API, which has one for each process; nil where no virtual server offers Kerberos.
    public var keytab: String? {
        for server in virtualServers {
            guard let integrated = server.submission?.authentication.integrated else { continue }
            if integrated.mechanisms.contains(where: { $0 == .gssapi || $0 == .gs2Kerberos }) {
                return integrated.keytab ?? "/etc/krb5.keytab"
            }
        }
        return nil
    }
}
