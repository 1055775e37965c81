import MailVocabulary
import Topology

/// What a front end refuses by itself. It says these codes, and the core finds the rules by them.
extension RefusalRule {
    /// nil where this server refuses nobody by the rule.
    public init?(_ rule: SessionRule, of server: VirtualServer) {
        let path = "virtual_servers.\(server.name)"
        func written(_ row: String, _ key: String, _ location: SourceLocation) -> RefusalRule {
            RefusalRule(row, "\(path).\(key)", location == .builtIn ? server.location : location)
        }
        switch rule {
        case .access:
            guard server.connections.access != .everyone else { return nil }
            self = written("S16", "connections.access", server.connections.accessLocation)
        case .hostName:
            guard server.reverseDNS.onFailure == .reject else { return nil }
            self = written("S15", "reverse_dns.on_failure", server.reverseDNS.location)
        case .encryption:
            guard server.tls.mode == .required else { return nil }
            self = written("S13", "tls.mode", server.tls.location)
        case .strongEncryption:
            guard server.tls.minimumBits != nil else { return nil }
            self = written("S14", "tls.minimum_bits", server.tls.location)
        case .secretPassword:
            guard let basic = server.submission?.authentication.basic, basic.requireTLS else { return nil }
            self = written("S12", "authentication.basic.require_tls", basic.location)
        case .login:
            guard let submission = server.submission, !submission.authentication.anonymous else { return nil }
            self.init(login: submission, of: server)
        case .messageSize:
            guard server.limits.messageSize != nil else { return nil }
            self = written("E01", "limits.message_size", server.limits.messageSizeLocation)
        case .hops: self.init("E10", "maximum_hops", nil)
        }
    }

    /// Rule 0, which is asked again with each recipient.
    init(login settings: SubmissionSettings, of server: VirtualServer) {
        let location = settings.authentication.anonymousLocation
        self.init(
            "0", "virtual_servers.\(server.name).authentication.anonymous", location == .builtIn ? server.location : location)
    }
}
