import MailVocabulary

extension IPAddress {
    /// The name that has this address's PTR records: `1.2.0.192.in-addr.arpa` (RFC 1035 §3.5), `….ip6.arpa` (RFC 3596 §2.5).
    public var reverseName: String {
        switch family {
        case .ipv4:
            return octets.reversed().map(String.init).joined(separator: ".") + ".in-addr.arpa"
        case .ipv6:
            let nibbles = octets.reversed().flatMap { [$0 & 0x0F, $0 >> 4] }
            return nibbles.map { String($0, radix: 16) }.joined(separator: ".") + ".ip6.arpa"
        }
    }

    /// Whether mail can be sent to a host with this address: not `0.0.0.0/8`, `::`, multicast or `240.0.0.0/4`.
    ///
    /// Linux connects `0.0.0.0` and `::` to the machine itself, so a stranger's MX record must not lead there.
    public var isUsableAsDestination: Bool {
        let octets = octets
        switch family {
        case .ipv4: return octets[0] != 0 && octets[0] < 224
        case .ipv6: return octets[0] != 0xFF && octets.contains { $0 != 0 }
        }
    }
}
