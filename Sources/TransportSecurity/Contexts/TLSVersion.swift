import COpenSSL

/// A version of TLS that may be asked for. Older ones are not (RFC 8996).
public enum TLSVersion: String, Hashable, Sendable, CaseIterable, Comparable {
    case tls12 = "1.2"
    case tls13 = "1.3"

    var number: Int32 {
        switch self {
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }

    public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.number < right.number }
}
