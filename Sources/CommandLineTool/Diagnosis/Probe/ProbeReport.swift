import MailVocabulary
import NameResolution
import TransportSecurity

/// Everything that a probe found out.
struct ProbeReport: Sendable {
    /// Hosts and addresses of each that are connected to; what is beyond is named and left alone.
    static let maximumHosts = 5
    static let maximumAddressesPerHost = 3

    /// An answer of the DNS and the time it took.
    struct Question: Sendable {
        let answer: DNSAnswer
        let duration: Duration
    }

    let domain: String
    let route: ProbeRoute
    var questions: [Question] = []
    /// Why there is nowhere to connect to, as the queue or a report would have it.
    var noHost: Reply?
    var sessions: [ProbedAddress] = []
    /// Addresses that delivery would try and the probe left alone.
    var leftOut = 0
    /// Whether MAIL and RCPT were tried.
    let triesRecipient: Bool
}

/// What happened at one address.
struct ProbedAddress: Sendable {
    let host: String
    let address: String
    let port: Int
    var stages: [ProbeStage] = []
    var certificate: CertificateFacts?
    var verification: PeerVerification?

    /// `mx.example.org (192.0.2.1 port 25)`
    var name: String { host == address ? "\(address) port \(port)" : "\(host) (\(address) port \(port))" }

    var failure: ProbeStage? { stages.first { !$0.isPassed } }
    var isPassed: Bool { failure == nil && !stages.isEmpty }
    /// Whether the server's word on sender or recipient ends delivery, whatever other hosts would say.
    var isDecisive: Bool {
        guard let failure, case .answered(let reply) = failure.outcome else { return false }
        return reply.isPermanentFailure && (failure.kind == .mail || failure.kind == .recipient)
    }
}
