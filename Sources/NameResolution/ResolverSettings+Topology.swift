import MailVocabulary
import Topology

extension ResolverSettings {
    /// What the configuration says of name resolution. Validation joins with the issue on DANE; until then `check` says so.
    public init(of topology: Topology) {
        let settings = topology.resolver
        self.init(
            servers: settings.servers.map { Server(address: $0.address, port: UInt16(clamping: $0.port)) }, hostsFile: settings.hostsFile)
    }
}
