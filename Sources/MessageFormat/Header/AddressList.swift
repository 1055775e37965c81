import MailVocabulary

/// Reads the addresses of a header field (RFC 5322 §3.4, with groups): `Name <a@x.example>, b@x.example, team: c@x.example;`.
///
/// Strict where readers disagree: source routes, an address within a display name, blanks and comments within an address make the field
/// unreadable.
struct AddressList {
    private enum Token: Hashable {
        /// One of `< > , : ; @`.
        case special(UInt8)
        /// Atoms with their dots, encoded words among them.
        case text([UInt8])
        /// Without its quotes and backslashes.
        case quoted([UInt8])
        /// An address literal with its brackets.
        case literal([UInt8])
    }

    /// Comments within comments that are followed.
    private static let maximumDepth = 32

    private var tokens: [Token] = []

    /// - Parameter field: what is behind the colon, unfolded.
    /// - Returns: nil where a comment, a quoted string or a literal does not end, and for control characters.
    init?(_ field: [UInt8]) {
        var position = 0
        while position < field.count {
            let octet = field[position]
            switch octet {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): position += 1
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "@"):
                tokens.append(.special(octet))
                position += 1
            case UInt8(ascii: "("):
                guard Self.skipComment(field, &position) else { return nil }
            case UInt8(ascii: "\""):
                guard let text = Self.quoted(field, &position) else { return nil }
                tokens.append(.quoted(text))
            case UInt8(ascii: "["):
                guard let end = field[position...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
                tokens.append(.literal(Array(field[position...end])))
                position = end + 1
            case UInt8(ascii: ")"), UInt8(ascii: "\\"), UInt8(ascii: "]"), 0..<0x20, 0x7F: return nil
            default:
                let start = position
                while position < field.count, Self.isText(field[position]) { position += 1 }
                tokens.append(.text(Array(field[start..<position])))
            }
        }
    }

    /// All addresses in order, those of groups among them; nil where one is unreadable.
    mutating func addresses() -> [EmailAddress]? {
        var found: [EmailAddress] = []
        var rest = tokens[...]
        while let first = rest.first {
            if first == .special(UInt8(ascii: ",")) || first == .special(UInt8(ascii: ";")) {
                rest.removeFirst()
                continue
            }
            var end = rest.startIndex
            var isInside = false
            while end < rest.endIndex {
                let token = rest[end]
                if token == .special(UInt8(ascii: "<")) { isInside = true }
                if token == .special(UInt8(ascii: ">")) { isInside = false }
                if !isInside, Self.endsAddress(token) { break }
                end += 1
            }
            let part = rest[rest.startIndex..<end]
            if end < rest.endIndex, rest[end] == .special(UInt8(ascii: ":")) {
                // The name of a group.
                guard part.allSatisfy(Self.isWord) else { return nil }
                end += 1
            } else {
                guard let address = Self.address(part) else { return nil }
                found.append(address)
            }
            rest = rest[end...]
        }
        return found
    }

    private static func endsAddress(_ token: Token) -> Bool {
        switch token {
        case .special(UInt8(ascii: ",")), .special(UInt8(ascii: ";")), .special(UInt8(ascii: ":")): true
        default: false
        }
    }

    /// `Name <local@domain>` or `local@domain`.
    private static func address(_ tokens: ArraySlice<Token>) -> EmailAddress? {
        guard let angle = tokens.firstIndex(of: .special(UInt8(ascii: "<"))) else { return specification(tokens) }
        guard tokens[..<angle].allSatisfy(isWord), tokens.last == .special(UInt8(ascii: ">")) else { return nil }
        return specification(tokens[(angle + 1)...].dropLast())
    }

    private static func specification(_ tokens: ArraySlice<Token>) -> EmailAddress? {
        guard tokens.count == 3, let local = tokens.first, let domain = tokens.last,
            tokens[tokens.startIndex + 1] == .special(UInt8(ascii: "@"))
        else { return nil }
        let host: [UInt8]
        switch domain {
        case .text(let text), .literal(let text): host = text
        case .quoted, .special: return nil
        }
        // Read by itself, so that nothing in the local part can end it.
        guard let place = EmailAddress(parsing: "x@" + String(decoding: host, as: UTF8.self))?.domain else { return nil }
        switch local {
        case .quoted(let text): return EmailAddress(localPart: String(decoding: text, as: UTF8.self), domain: place)
        case .text(let text):
            return EmailAddress(parsing: String(decoding: text, as: UTF8.self) + "@\(place)")
        case .literal, .special: return nil
        }
    }

    private static func isWord(_ token: Token) -> Bool {
        switch token {
        case .text, .quoted: true
        case .special, .literal: false
        }
    }

    private static func isText(_ octet: UInt8) -> Bool {
        switch octet {
        case 0...0x20, 0x7F, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: ";"),
            UInt8(ascii: "@"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\""), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\\"):
            false
        default: true
        }
    }

    private static func skipComment(_ field: [UInt8], _ position: inout Int) -> Bool {
        var depth = 0
        while position < field.count {
            switch field[position] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "\\"): position += 1
            default: break
            }
            position += 1
            if depth > maximumDepth { return false }
            if depth == 0 { return position <= field.count }
        }
        return false
    }

    private static func quoted(_ field: [UInt8], _ position: inout Int) -> [UInt8]? {
        var content: [UInt8] = []
        position += 1
        while position < field.count {
            switch field[position] {
            case UInt8(ascii: "\""):
                position += 1
                return content
            case UInt8(ascii: "\\"):
                position += 1
                guard position < field.count else { return nil }
                content.append(field[position])
            default: content.append(field[position])
            }
            position += 1
        }
        return nil
    }
}
