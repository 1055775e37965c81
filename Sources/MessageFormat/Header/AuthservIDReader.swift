import MailVocabulary

/// Reads the authserv-id at the beginning of an `Authentication-Results` field, octet by octet (RFC 8601 §2.2).
///
/// `[CFWS] value`, where the value is a token or a quoted string (RFC 2045 §5.1). It says whether the id is our own host name,
/// compared without regard to case, as A-labels, a trailing dot ignored (RFC 8601 §5).
struct AuthservIDReader: Hashable, Sendable {
    enum Verdict: Hashable, Sendable {
        case ours
        case foreign
    }

    private enum State: Hashable, Sendable {
        case before
        case comment(depth: Int)
        case commentEscape(depth: Int)
        case token
        case quoted
        case quotedEscape
    }

    /// A host name in U-labels takes at most four octets for each of the A-labels'.
    private static let maximumOctets = 1024

    private let host: DomainName
    private var state = State.before
    private var text: [UInt8] = []

    init(host: DomainName) { self.host = host }

    /// - Parameter octet: the next octet behind the colon, line ends of folds included.
    /// - Returns: nil as long as nothing is decided.
    mutating func read(_ octet: UInt8) -> Verdict? {
        switch state {
        case .before: return readBefore(octet)
        case .comment(let depth): readComment(octet, depth: depth)
        case .commentEscape(let depth): state = .comment(depth: depth)
        case .token:
            if Self.isTokenText(octet) { return append(octet) }
            return verdict
        case .quoted:
            switch octet {
            case UInt8(ascii: "\""): return verdict
            case UInt8(ascii: "\\"): state = .quotedEscape
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"): break
            default: return append(octet)
            }
        case .quotedEscape:
            state = .quoted
            return append(octet)
        }
        return nil
    }

    private mutating func readBefore(_ octet: UInt8) -> Verdict? {
        switch octet {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): return nil
        case UInt8(ascii: "("): state = .comment(depth: 1)
        case UInt8(ascii: "\""): state = .quoted
        case let octet where Self.isTokenText(octet):
            state = .token
            return append(octet)
        default: return .foreign
        }
        return nil
    }

    private mutating func readComment(_ octet: UInt8, depth: Int) {
        switch octet {
        case UInt8(ascii: "("): state = .comment(depth: depth + 1)
        case UInt8(ascii: ")"): state = depth == 1 ? .before : .comment(depth: depth - 1)
        case UInt8(ascii: "\\"): state = .commentEscape(depth: depth)
        default: break
        }
    }

    private mutating func append(_ octet: UInt8) -> Verdict? {
        guard text.count < Self.maximumOctets else { return .foreign }
        text.append(octet)
        return nil
    }

    private var verdict: Verdict {
        guard let text = String(validating: text, as: UTF8.self) else { return .foreign }
        // A lenient reader may ignore blanks inside the quotes, so they hide nothing here.
        let trimmed = text.drop { $0 == " " || $0 == "\t" }
        let end = trimmed.lastIndex { $0 != " " && $0 != "\t" }
        guard let end else { return .foreign }
        return DomainName(parsing: trimmed[...end]) == host ? .ours : .foreign
    }

    /// `token` of RFC 2045 §5.1, with the octets of UTF-8 sequences (RFC 8601 §2.5).
    private static func isTokenText(_ octet: UInt8) -> Bool {
        switch octet {
        case 0...0x20, 0x7F: false
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"), UInt8(ascii: ","),
            UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "?"), UInt8(ascii: "="):
            false
        default: true
        }
    }
}
