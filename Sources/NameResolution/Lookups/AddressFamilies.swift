/// Which addresses of a host are wanted.
public enum AddressFamilies: Hashable, Sendable {
    case any
    case ipv4
    case ipv6
}
