import MailVocabulary
import TrustedFiles

/// What is wrong with a pair that is used all the same: a server with an expired certificate still protects against listeners.
public enum CertificateWarning: Hashable, Sendable {
    case expired(path: String, notAfter: Timestamp)
    case notYetValid(path: String, notBefore: Timestamp)
    /// Others than owner and group may read the key, or others than the owner may write it. The permission bits.
    case keyPermissions(path: String, mode: UInt32)
    /// Another account can replace one of the files.
    case exposed(FileExposure)
}

extension CertificateWarning: CustomStringConvertible {
    public var description: String {
        switch self {
        case .expired(let path, let end): "the certificate in \(path) has expired: it was valid until \(end)"
        case .notYetValid(let path, let begin): "the certificate in \(path) is valid only from \(begin) on"
        case .keyPermissions(let path, let mode):
            "the key in \(path) has the mode \(String(mode, radix: 8)): others can read or replace it; chmod 600 (or 640)"
        case .exposed(let exposure): "\(exposure)"
        }
    }
}
