import MailVocabulary
import MessageFormat
import NIOCore
import NameResolution

extension ReverseLookup {
    init(_ result: ReverseDNSResult) {
        self =
            switch result {
            case .pass(let name): .confirmed(name)
            case .fail(_, let names): names.first.map { .unconfirmed($0) } ?? .noName
            case .permerror: .noName
            case .temperror: .temporaryError
            }
    }
}

extension IPAddress {
    init?(_ address: SocketAddress) {
        switch address {
        case .v4(let address):
            self.init(ipv4: UInt32(bigEndian: address.address.sin_addr.s_addr))
        case .v6(let address):
            let octets = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            guard let parsed = IPAddress(octets: octets) else { return nil }
            self = parsed
        case .unixDomainSocket: return nil
        }
    }
}
