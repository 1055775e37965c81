import LeasedDelivery
import MailVocabulary
import SMTPClient
import Topology

/// How to reach the LMTP server of a connector (RFC 2033).
extension HopPlan {
    /// - Returns: nil where the server is given by a name other than `localhost`, which the configuration does not accept: the mailbox
    ///   process asks no DNS, since it does not talk to the Internet.
    init?(lmtp target: LMTPTarget, profile: OutboundProfile, ourName: DomainName) {
        let settings = SMTPClientSettings(
            ourName: .name(ourName), dialect: .lmtp, timeouts: SMTPClientTimeouts(idle: profile.connections.timeout))
        guard let candidates = Self.candidates(for: target, settings) else { return nil }
        self.init(
            candidates: candidates, source: .any, messagesPerConnection: profile.connections.messagesPerConnection)
    }

    private static func candidates(for target: LMTPTarget, _ settings: SMTPClientSettings) -> [Candidate]? {
        switch target {
        case .unix(let path): return [candidate(.unix(path: path), host: nil, settings)]
        case .tcp(.literal(let address), let port): return [candidate(.tcp(address, port: port), host: address.literal, settings)]
        case .tcp(.name(let name), let port):
            // The one name that needs no DNS (RFC 6761 §6.3): a server may listen on either address.
            guard name.text == "localhost" else { return nil }
            return ["127.0.0.1", "::1"].compactMap { IPAddress(parsing: $0) }.map {
                candidate(.tcp($0, port: port), host: name.text, settings)
            }
        }
    }

    private static func candidate(_ endpoint: SMTPClientEndpoint, host: String?, _ settings: SMTPClientSettings) -> Candidate {
        Candidate(endpoint: endpoint, host: host, name: "\(endpoint)", settings: settings)
    }
}
