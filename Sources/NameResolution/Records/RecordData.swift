import MailVocabulary

/// Reads rdata as libunbound hands it over: wire format, names not compressed (RFC 1035 §3.3, §3.1).
///
/// Every function takes bytes that a stranger chose, and returns nil where they are not what the type says.
public enum RecordData {
    /// A name in wire format.
    public enum Name: Hashable, Sendable {
        /// The root: "no host" in an MX record (RFC 7505 §3).
        case root
        case host(DomainName)
        /// Well-formed, but no host name (RFC 1123 §2.1): an underscore, a space, a dot inside a label.
        case notAHostName
    }

    /// An A (4 octets) or AAAA (16 octets) record.
    ///
    /// An AAAA record with an IPv4-mapped address gives nil: it would be an IPv4 address that IPv6 was asked for.
    public static func address(_ rdata: [UInt8], family: IPAddress.Family) -> IPAddress? {
        guard rdata.count == (family == .ipv4 ? 4 : 16), let address = IPAddress(octets: rdata), address.family == family else {
            return nil
        }
        return address
    }

    /// An MX record: preference and exchange (RFC 1035 §3.3.9), which may have underscores: senders that refuse it lose mail to those
    /// who named their server so, and gain nothing.
    public static func mailExchanger(_ rdata: [UInt8]) -> (preference: UInt16, exchange: Name)? {
        guard rdata.count >= 3, let exchange = name(rdata[2...], allowingUnderscores: true) else { return nil }
        return (UInt16(rdata[0]) << 8 | UInt16(rdata[1]), exchange)
    }

    /// A name that fills the whole of `wire`; nil if it is truncated, compressed, longer than 255 octets or followed by anything.
    ///
    /// - Parameter allowingUnderscores: whether a name with underscores counts as the name of a host.
    public static func name(_ wire: some RandomAccessCollection<UInt8>, allowingUnderscores: Bool = false) -> Name? {
        guard wire.count <= 255 else { return nil }
        var text: [UInt8] = []
        var isHostName = true
        var index = wire.startIndex
        while index < wire.endIndex {
            let length = Int(wire[index])
            index = wire.index(after: index)
            if length == 0 {
                guard index == wire.endIndex else { return nil }
                if text.isEmpty { return .root }
                let text = String(decoding: text, as: UTF8.self)
                guard isHostName, let domain = allowingUnderscores ? DomainName(inRecord: text) : DomainName(parsing: text) else {
                    return .notAHostName
                }
                return .host(domain)
            }
            // The two high bits say compression (RFC 1035 §4.1.4) or something unassigned.
            guard length <= 63, wire.distance(from: index, to: wire.endIndex) > length else { return nil }
            let end = wire.index(index, offsetBy: length)
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            for byte in wire[index..<end] {
                // Checked here, because as text a dot inside a label would be the end of the label, and UTF-8 would be converted.
                isHostName = isHostName && (isHostNameOctet(byte) || (allowingUnderscores && byte == UInt8(ascii: "_")))
                text.append(byte)
            }
            index = end
        }
        return nil
    }

    private static func isHostNameOctet(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
