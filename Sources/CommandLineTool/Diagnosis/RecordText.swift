import MailVocabulary
import NameResolution

/// Records as zone files have them. What strangers put into them is escaped.
enum RecordText {
    /// - Returns: nil where the octets are not what the type says.
    static func text(_ kind: DNSQuestion.Kind, _ rdata: [UInt8]) -> String? {
        switch kind {
        case .a: RecordData.address(rdata, family: .ipv4)?.description
        case .aaaa: RecordData.address(rdata, family: .ipv6)?.description
        case .mx: RecordData.mailExchanger(rdata).map { "\($0.preference) \(name($0.exchange))" }
        case .ns, .ptr: RecordData.name(rdata, allowingUnderscores: true).map(name)
        case .txt: strings(rdata)
        case .tlsa:
            rdata.count > 3 ? "\(rdata[0]) \(rdata[1]) \(rdata[2]) " + rdata[3...].map(hexadecimal).joined() : nil
        }
    }

    private static func name(_ name: RecordData.Name) -> String {
        switch name {
        case .root: "."
        case .host(let host): "\(host)"
        case .notAHostName: "(a name that no host can have)"
        }
    }

    /// The strings of a TXT record (RFC 1035 §3.3.14), each in quotation marks.
    private static func strings(_ rdata: [UInt8]) -> String? {
        var (rest, texts): (ArraySlice<UInt8>, [String]) = (rdata[...], [])
        while let length = rest.popFirst() {
            guard rest.count >= length else { return nil }
            texts.append("\"" + rest.prefix(Int(length)).map(character).joined() + "\"")
            rest = rest.dropFirst(Int(length))
        }
        return texts.joined(separator: " ")
    }

    private static func character(_ octet: UInt8) -> String {
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(octet))
        case 0x20...0x7E: String(UnicodeScalar(octet))
        default: "\\" + String(repeating: "0", count: 3 - String(octet).count) + String(octet)
        }
    }

    private static func hexadecimal(_ octet: UInt8) -> String { (octet < 16 ? "0" : "") + String(octet, radix: 16) }
}
