/// The DNS record types that mail asks for (RFC 1035 §3.2.2, RFC 3596, RFC 6698).
public enum RecordType: UInt16, Hashable, Sendable {
    case a = 1
    case ptr = 12
    case mx = 15
    case aaaa = 28
    case tlsa = 52
}
