import MailVocabulary
import Topology

/// What a front end refuses by itself. It says these codes, and the core finds the rules by them.
extension RefusalRule {
    /// nil where this server refuses nobody by the rule.
    public init?(_ rule: SessionRule, of server: VirtualServer, in installation: InstallationMark) {
        switch rule {
        case .access:
            guard server.connections.access != .everyone else { return nil }
            self.init(of: server, "S16", "connections.access", server.connections.accessLocation, installation)
        case .hostName:
            guard server.reverseDNS.lookup, server.reverseDNS.onFailure == .reject else { return nil }
            self.init(of: server, "S15", "reverse_dns.on_failure", server.reverseDNS.location, installation)
        case .encryption:
            guard server.tls.mode == .required else { return nil }
            self.init(of: server, "S13", "tls.mode", server.tls.location, installation)
        case .strongEncryption:
            guard server.tls.minimumBits != nil else { return nil }
            self.init(of: server, "S14", "tls.minimum_bits", server.tls.location, installation)
        case .secretPassword:
            guard let basic = server.submission?.authentication.basic, basic.requireTLS else { return nil }
            self.init(of: server, "S12", "authentication.basic.require_tls", basic.location, installation)
        case .login:
            guard let submission = server.submission, !submission.authentication.anonymous else { return nil }
            self.init(login: submission, of: server, in: installation)
        case .messageSize:
            guard server.limits.messageSize != nil else { return nil }
            self.init(of: server, "E01", "limits.message_size", server.limits.messageSizeLocation, installation)
        case .hops: self.init("E10", "maximum_hops", nil, of: installation)
        case .lineLength:
            guard server.limits.lineLength != nil else { return nil }
            self.init(of: server, "E01", "limits.line_length", server.limits.lineLengthLocation, installation)
        }
    }

    /// Rule 0, which is asked again with each recipient.
    init(login settings: SubmissionSettings, of server: VirtualServer, in installation: InstallationMark) {
        self.init(of: server, "0", "authentication.anonymous", settings.authentication.anonymousLocation, installation)
    }

    /// - Parameters:
    ///   - key: within the server's table.
    ///   - location: of the key; the server's where it is not written.
    private init(of server: VirtualServer, _ rule: String, _ key: String, _ location: SourceLocation, _ installation: InstallationMark) {
        self.init(
            rule, "virtual_servers.\(server.name).\(key)", location == .builtIn ? server.location : location, of: installation)
    }
}
