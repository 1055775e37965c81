import COpenSSL
import MailVocabulary

/// Whom a client means to reach, and whom a certificate must name (RFC 9525 §4): a host, or an address where there is no name.
public enum PeerReference: Hashable, Sendable {
    case host(DomainName)
    case address(IPAddress)

    private static let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)

    func isNamed(by certificate: OpaquePointer) -> Bool {
        switch self {
        case .host(let name): X509_check_host(certificate, name.text, name.text.utf8.count, Self.flags, nil) == 1
        case .address(let address): X509_check_ip(certificate, address.octets, address.octets.count, 0) == 1
        }
    }

    /// Makes the verification of a session look for it.
    ///
    /// - Returns: false where OpenSSL has no memory.
    func require(in parameters: OpaquePointer) -> Bool {
        switch self {
        case .host(let name):
            X509_VERIFY_PARAM_set_hostflags(parameters, Self.flags)
            return X509_VERIFY_PARAM_set1_host(parameters, name.text, name.text.utf8.count) == 1
        case .address(let address):
            return X509_VERIFY_PARAM_set1_ip(parameters, address.octets, address.octets.count) == 1
        }
    }
}

extension PeerReference: CustomStringConvertible {
    public var description: String {
        switch self {
        case .host(let name): name.text
        case .address(let address): address.description
        }
    }
}
