import LeasedDelivery
import MailVocabulary
import SMTPClient
import Topology

/// How to reach the LMTP server of a connector (RFC 2033).
extension HopPlan {
    /// - Returns: nil where the server is given by a name: the mailbox process asks no DNS, since it does not talk to the Internet.
    init?(lmtp target: LMTPTarget, profile: OutboundProfile, ourName: DomainName) {
        let endpoint: SMTPClientEndpoint
        var host: String?
        switch target {
        case .unix(let path): endpoint = .unix(path: path)
        case .tcp(.literal(let address), let port):
            endpoint = .tcp(address, port: port)
            host = address.literal
        case .tcp(.name(let name), let port):
            // The one name that needs no DNS (RFC 6761 §6.3).
            guard name.text == "localhost" else { return nil }
            endpoint = .tcp(IPAddress(ipv4: 0x7F00_0001), port: port)
            host = name.text
        }
        self.init(
            candidates: [Candidate(endpoint: endpoint, host: host, name: "\(endpoint)")], source: .any,
            settings: SMTPClientSettings(
                ourName: .name(ourName), dialect: .lmtp, timeouts: SMTPClientTimeouts(idle: profile.connections.timeout)),
            messagesPerConnection: profile.connections.messagesPerConnection)
    }
}
