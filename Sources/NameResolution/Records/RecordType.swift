/// The DNS record types that mail and its administrators ask for (RFC 1035 §3.2.2, RFC 3596, RFC 6698).
public enum RecordType: UInt16, Hashable, Sendable {
    case a = 1
    case ns = 2
    case ptr = 12
    case mx = 15
    case txt = 16
    case aaaa = 28
    case tlsa = 52
}
