#if canImport(Glibc)
    import Glibc
#endif

/// An IPv4 or IPv6 address.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is the IPv4 address: both forms name one host.
public struct IPAddress: Hashable, Sendable {
    public enum Family: Hashable, Sendable {
        case ipv4
        case ipv6
    }

    /// Network byte order; four or sixteen octets, held as two words so that an address needs no allocation.
    private let high: UInt64
    private let low: UInt64
    public let family: Family

    /// - Parameter octets: four or sixteen octets in network order; nil otherwise.
    public init?(octets: some Collection<UInt8>) {
        switch octets.count {
        case 4:
            self.init(ipv4: octets.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        case 16:
            let words = octets.reduce(into: (high: UInt64(0), low: UInt64(0))) { words, octet in
                words.high = words.high << 8 | words.low >> 56
                words.low = words.low << 8 | UInt64(octet)
            }
            if words.high == 0, words.low >> 32 == 0xFFFF {
                self.init(ipv4: UInt32(truncatingIfNeeded: words.low))
            } else {
                self.init(high: words.high, low: words.low)
            }
        default:
            return nil
        }
    }

    /// - Parameter ipv4: the address in host byte order: `0x7F000001` is `127.0.0.1`.
    public init(ipv4: UInt32) { self.init(high: 0, low: UInt64(ipv4), family: .ipv4) }

    /// Reads `192.0.2.1` or `2001:db8::1`, without brackets, port or zone; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count <= 45 else { return nil }
        var octets = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &octets) == 1 {
            self.init(octets: octets[..<4])
        } else if inet_pton(AF_INET6, text, &octets) == 1 {
            self.init(octets: octets)
        } else {
            return nil
        }
    }

    /// Four or sixteen octets in network order.
    public var octets: [UInt8] {
        switch family {
        case .ipv4: (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * $0)) }
        case .ipv6:
            (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
                + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
        }
    }

    /// 32 or 128.
    public var bitWidth: Int { family == .ipv4 ? 32 : 128 }

    /// The address with all but the first `prefixLength` bits cleared; 0 to its width.
    public func masked(to prefixLength: Int) -> IPAddress {
        switch family {
        case .ipv4:
            IPAddress(ipv4: prefixLength == 0 ? 0 : UInt32(truncatingIfNeeded: low) & (~0 << UInt32(32 - prefixLength)))
        case .ipv6:
            IPAddress(
                high: prefixLength >= 64 ? high : prefixLength == 0 ? 0 : high & (~0 << UInt64(64 - prefixLength)),
                low: prefixLength <= 64 ? 0 : low & (~0 << UInt64(128 - prefixLength)))
        }
    }

    private init(high: UInt64, low: UInt64, family: Family = .ipv6) {
        (self.high, self.low, self.family) = (high, low, family)
    }

    public var isLoopback: Bool {
        family == .ipv4 ? low >> 24 == 127 : high == 0 && low == 1
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text (RFC 5952 for IPv6).
    public var description: String {
        let octets = octets
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = family == .ipv4 ? AF_INET : AF_INET6
        guard inet_ntop(family, octets, &text, socklen_t(text.count)) != nil else {
            preconditionFailure("inet_ntop fails for no address of the right size")
        }
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// As SMTP writes it in an address literal (RFC 5321 §4.1.3): `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
    public var literal: String { family == .ipv4 ? "[\(self)]" : "[IPv6:\(self)]" }
}
