import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// Why certificates and keys cannot be read, made or installed. Each names the file.
public enum CertificateError: Error, Hashable, Sendable {
    /// The `errno` of the system call.
    case cannotRead(path: String, errorNumber: Int32)
    case cannotWrite(path: String, errorNumber: Int32)
    /// Its folder cannot be trusted: why.
    case untrustedPlace(String)
    case tooLarge(path: String, limit: Int)
    /// There is no certificate in the file.
    case noCertificate(path: String)
    /// There is no private key in the file.
    case noKey(path: String)
    /// A daemon has nobody to ask for a passphrase.
    case keyEncrypted(path: String)
    case keyMismatch(certificate: String, key: String)
    case malformed(path: String, reason: String)
    /// More certificates than a chain can have.
    case tooManyCertificates(path: String, limit: Int)
    /// A server's identity without a pair, or with two of one kind of key.
    case unusableIdentity(reason: String)
    /// The signature of a request is not by the key in it.
    case requestNotSigned(path: String)
    /// A certificate without a name protects nothing.
    case noName
    /// OpenSSL refused; what was done, and its reason.
    case cryptography(String)
}

extension CertificateError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotRead(let path, let number): "cannot read \(path): \(String(cString: strerror(number)))"
        case .cannotWrite(let path, let number): "cannot write \(path): \(String(cString: strerror(number)))"
        case .untrustedPlace(let reason): reason
        case .tooLarge(let path, let limit): "\(path) is larger than \(limit) octets, which no certificate or key is"
        case .noCertificate(let path): "there is no certificate in \(path): it should have a line -----BEGIN CERTIFICATE-----"
        case .noKey(let path): "there is no private key in \(path): it should have a line -----BEGIN PRIVATE KEY-----"
        case .keyEncrypted(let path): "the key in \(path) is encrypted, and nobody is there to type its passphrase"
        case .keyMismatch(let certificate, let key): "the first certificate of \(certificate) is not for the key in \(key)"
        case .malformed(let path, let reason): "\(path) is damaged: \(reason)"
        case .tooManyCertificates(let path, let limit): "\(path) has more than \(limit) certificates"
        case .unusableIdentity(let reason): reason
        case .requestNotSigned(let path): "the request in \(path) is not signed by its own key"
        case .noName: "a certificate needs at least one host name or address"
        case .cryptography(let reason): reason
        }
    }
}
