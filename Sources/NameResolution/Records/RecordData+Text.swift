import MailVocabulary

extension RecordData {
    /// A record as zone files write it (RFC 1035 §5.1), names absolute. Nothing in it is a control character or not ASCII.
    ///
    /// - Returns: nil where the bytes are not what the type says.
    public static func text(_ rdata: [UInt8], of type: RecordType) -> String? {
        switch type {
        case .a: address(rdata, family: .ipv4).map { "\($0)" }
        // IPv4-mapped addresses, too: whoever looks for a fault wants to see it.
        case .aaaa: rdata.count == 16 ? IPAddress(octets: rdata).map { $0.family == .ipv4 ? "::ffff:\($0)" : "\($0)" } : nil
        case .ns, .ptr: nameText(rdata[...])
        case .mx:
            rdata.count < 3 ? nil : nameText(rdata[2...]).map { "\(UInt16(rdata[0]) << 8 | UInt16(rdata[1])) \($0)" }
        case .txt: characterStrings(rdata)?.map(quoted).joined(separator: " ")
        case .tlsa: TLSARecord(rdata).map { "\($0)" }
        }
    }

    /// The strings of a TXT record (RFC 1035 §3.3.14).
    ///
    /// - Returns: nil where they do not fill the record; never empty.
    public static func characterStrings(_ rdata: [UInt8]) -> [[UInt8]]? {
        var strings: [[UInt8]] = []
        var rest = rdata[...]
        while let length = rest.popFirst() {
            guard rest.count >= length else { return nil }
            strings.append(Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
        return strings.isEmpty ? nil : strings
    }

    /// A name in wire format that fills the whole of `wire`, not compressed.
    private static func nameText(_ wire: ArraySlice<UInt8>) -> String? {
        guard wire.count <= 255 else { return nil }
        var text = ""
        var rest = wire
        while let length = rest.popFirst() {
            if length == 0 { return rest.isEmpty ? (text.isEmpty ? "." : text) : nil }
            guard length <= 63, rest.count >= length else { return nil }
            text += rest.prefix(Int(length)).map { escaped($0, besides: ".\"\\;()@$ ") }.joined() + "."
            rest = rest.dropFirst(Int(length))
        }
        return nil
    }

    private static func quoted(_ string: [UInt8]) -> String { "\"" + string.map { escaped($0, besides: "\"\\") }.joined() + "\"" }

    private static func escaped(_ octet: UInt8, besides special: String) -> String {
        guard (0x20...0x7E).contains(octet) else { return "\\" + ("00" + String(octet)).suffix(3) }
        let character = Character(UnicodeScalar(octet))
        return special.contains(character) ? "\\\(character)" : String(character)
    }
}
