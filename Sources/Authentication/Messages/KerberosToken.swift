/// The framing of Kerberos's tokens in GSS-API (RFC 2743 §3.1, RFC 4121). What does not have it never reaches libgssapi.
enum KerberosToken {
    /// Who made a token.
    enum Sender {
        case initiator, acceptor
    }

    /// 1.2.840.113554.1.2.2, with its tag and length (RFC 1964 §1).
    private static let mechanism: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02]
    /// Of what SASL wraps: four octets and a name, with what encryption adds (RFC 4752 §3.1).
    private static let maximumWrapped = 2048

    // MARK: Context tokens

    /// The first token of a client: the mechanism's frame around an AP-REQ.
    static func initialObjection(_ token: [UInt8]) -> String? { framed(token).map(requestObjection) ?? unframed }

    /// The first token without its frame, as GS2 sends it (RFC 5801 §3.1).
    static func requestObjection(_ token: ArraySlice<UInt8>) -> String? {
        guard token.starts(with: [0x01, 0x00]) else { return "a Kerberos token that is no AP-REQ" }
        // RFC 4120 §5.5.1: version, type, options, ticket, authenticator.
        return isMessage(token.dropFirst(2), application: 14, fields: [0xA0, 0xA1, 0xA2, 0xA3, 0xA4])
            ? nil : "a Kerberos token whose AP-REQ is broken"
    }

    /// The answer of a server: the frame around an AP-REP or a KRB-ERROR.
    static func replyObjection(_ token: [UInt8]) -> String? {
        guard let body = framed(token) else { return unframed }
        if body.starts(with: [0x03, 0x00]) {
            return isMessage(body.dropFirst(2), application: 30, fields: nil) ? nil : "a Kerberos token whose KRB-ERROR is broken"
        }
        guard body.starts(with: [0x02, 0x00]) else { return "a Kerberos token that is neither AP-REP nor KRB-ERROR" }
        return isMessage(body.dropFirst(2), application: 15, fields: [0xA0, 0xA1, 0xA2]) ? nil : "a Kerberos token whose AP-REP is broken"
    }

    private static let unframed = "no token of Kerberos 5"

    /// What is in the frame; nil where it is another mechanism's, or its lengths are not those of the token.
    private static func framed(_ token: [UInt8]) -> ArraySlice<UInt8>? {
        guard let content = DERElement(token[...])?.onlyContent(tag: 0x60), content.starts(with: mechanism) else { return nil }
        return content.dropFirst(mechanism.count)
    }

    /// Whether these octets are one message of RFC 4120, from its first to its last octet.
    ///
    /// - Parameter fields: the tags of its fields, all of them; nil where some may be missing.
    private static func isMessage(_ octets: ArraySlice<UInt8>, application number: UInt8, fields: [UInt8]?) -> Bool {
        guard let sequence = DERElement(octets)?.onlyContent(tag: 0x60 | number),
            let members = DERElement(sequence)?.onlyContent(tag: 0x30), let elements = DERElement.all(in: members)
        else { return false }
        if let fields, elements.map(\.tag) != fields { return false }
        guard elements.count >= 2, elements.allSatisfy({ $0.tag & 0xE0 == 0xA0 && DERElement($0.content)?.isAlone == true }) else {
            return false
        }
        return Array(elements[0].content) == [0x02, 0x01, 0x05] && Array(elements[1].content) == [0x02, 0x01, number]
    }

    // MARK: Wrap tokens

    /// A wrap token (RFC 4121 §4.2.6.2), whose plain text has at least SASL's four octets. Those of RFC 1964 belong to encryption types
    /// that Kerberos has given up (RFC 8429).
    static func wrapObjection(_ token: [UInt8], from sender: Sender) -> String? {
        guard (20...maximumWrapped).contains(token.count) else { return "a wrap token of \(token.count) octets" }
        guard token.starts(with: [0x05, 0x04]), token[3] == 0xFF else { return "no wrap token of RFC 4121" }
        let flags = token[2]
        guard flags & 0xF8 == 0, (flags & 1 == 1) == (sender == .acceptor) else { return "a wrap token with the flags \(flags)" }
        let extra = Int(token[4]) << 8 | Int(token[5])
        // Of a token that is not encrypted, `extra` are the octets of its checksum, and of another one, those that fill up a block.
        let room = token.count - 16 - (flags & 2 == 0 ? 4 : 0)
        return extra <= room ? nil : "a wrap token with \(extra) octets more than it has"
    }
}
