import CoreLink
import Logging
import MailVocabulary
import NIOCore
import Routing
import SMTPProtocol
import SMTPServer
import Topology
import TransportSecurity

extension SMTPServerContext {
    /// What the configuration says of one virtual server, for connections that begin in clear or with TLS.
    convenience init(
        _ server: VirtualServer, startsWithTLS: Bool, topology: Topology, transport: CurrentServerContext?,
        side: VirtualServerConnections.CoreSide, log: Logger
    ) {
        let submission = server.submission
        self.init(
            virtualServer: server.name, hostname: topology.hostname,
            settings: SMTPServerSettings(
                hostname: topology.hostname, messageSizeLimit: server.limits.messageSize, sessionSizeLimit: server.limits.sessionSize,
                recipientsLimit: server.limits.recipients, messagesPerConnection: server.limits.messagesPerConnection,
                lineLengthLimit: server.limits.lineLength, postmasterDomain: topology.postmasterDomain,
                transportSecurity: ServerTransportSecurity(server.tls, startsWithTLS: startsWithTLS),
                authentication: submission.map { ServerAuthentication($0.authentication, identity: topology.identity) },
                refusalCodes: server.refusalCodes(in: InstallationMark(of: topology.hostname))),
            idleTimeout: TimeAmount(server.connections.timeout), maximumHops: topology.maximumHops,
            submission: submission.map { Submission(hidesClientAddress: $0.clientAddress == .hidden) }, transport: transport,
            pool: side.pool, notes: side.notes, openTransactions: side.openTransactions, logins: side.logins
        ) { event in
            Self.log(event, of: server.name, to: log)
        }
    }

    private static func metadata(of envelope: LoggedEnvelope, _ client: IPAddress, of server: String) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["virtual_server": "\(server)", "client": "\(client)"]
        if let id = envelope.queueID { metadata["queue_id"] = "\(id)" }
        if let path = envelope.reversePath { metadata["from"] = "\(path)" }
        if let recipients = envelope.recipientsText { metadata["to"] = "\(recipients)" }
        return metadata
    }

    private static func log(_ event: Event, of server: String, to log: Logger) {
        switch event {
        case .givenUp(let envelope, let client, let why):
            var metadata = metadata(of: envelope, client, of: server)
            metadata["reason"] = "\(why)"
            log.info("message not taken", metadata: metadata)
        case .secured(let handshake, let client):
            log.debug(
                "TLS stands",
                metadata: [
                    "virtual_server": "\(server)", "client": "\(client)", "tls": "\(handshake.channel.version)",
                    "cipher": "\(handshake.channel.cipher)", "resumed": "\(handshake.isResumed)",
                ])
        case .tlsFailed(let why, let client):
            log.info("no TLS", metadata: ["virtual_server": "\(server)", "client": "\(client)", "reason": "\(why)"])
        case .refused(let refusal):
            var metadata = metadata(of: refusal.envelope, refusal.client, of: server)
            metadata["reply"] = "\(refusal.reply)"
            if let code = refusal.code { metadata["code"] = "\(code)" }
            log.info("refused", metadata: metadata)
        case .plaintextDropped(let octets, let client):
            log.warning(
                "a client sent commands in clear behind STARTTLS: dropped",
                metadata: ["virtual_server": "\(server)", "client": "\(client)", "octets": "\(octets)"])
        }
    }
}

extension VirtualServer {
    /// Of the rules by which its front end refuses.
    func refusalCodes(in installation: InstallationMark) -> [SessionRule: String] {
        Dictionary(
            uniqueKeysWithValues: SessionRule.allCases.compactMap { rule in
                RefusalRule(rule, of: self, in: installation).map { (rule, "\($0.code)") }
            })
    }
}

extension ServerTransportSecurity {
    init(_ tls: ServerTLS, startsWithTLS: Bool) {
        let mode: Mode =
            switch tls.mode {
            case _ where startsWithTLS: .implicit
            case .none: .none
            case .offered: .offered
            case .required: .required
            }
        self.init(
            mode: mode, minimumBits: tls.minimumBits, minimumVersion: tls.minimumVersion == .tls13 ? "TLS 1.3" : nil)
    }
}

extension ServerAuthentication {
    /// None but those configured (S08), and of these none that has nothing to check with.
    init(_ methods: AuthenticationMethods, identity: Identity) {
        let basic = methods.basic?.mechanisms ?? []
        let others = ((methods.challenge?.mechanisms ?? []) + (methods.integrated?.mechanisms ?? [])).filter { mechanism in
            switch mechanism {
            // Their check needs the password itself.
            case .cramMD5, .scramSHA1: identity.recoverableSecretsKey != nil
            case .ntlm: identity.recoverableSecretsKey != nil || identity.ntlmServer != nil
            case .plain, .login, .scramSHA256, .gssapi, .gs2Kerberos: true
            }
        }
        self.init(
            mechanismsInClear: (methods.basic?.requireTLS == false ? basic : []) + others, mechanismsOverTLS: basic + others,
            isRequired: !methods.anonymous)
    }
}
