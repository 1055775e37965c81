import MailVocabulary

/// Reads what is behind the colon of an `Authentication-Results` field as strictly as the text of RFC 8601 §2.2.
///
/// `[CFWS] authserv-id [CFWS version] [CFWS] ";" …`, where the id is a token or a quoted string (RFC 2045 §5.1) that holds one. Behind it
/// stands `none`, or a first `method [/version] =`; all that follows has closed comments and closed quoted strings. Properties are not
/// looked into: their values come unquoted from servers that everybody knows (IPv6 addresses, base64).
///
/// Comments before the first semicolon are simple: readers disagree about where one with another within, a quote or a backslash ends.
///
/// Nowhere is there a control character, a character that nobody sees, invalid UTF-8, a line of blanks alone, or the beginning of an
/// encoded word: readers decode it before they parse, and would find another field.
struct AuthenticationResultsParser {
    private let octets: [UInt8]
    private var position = 0

    private init(octets: [UInt8]) { self.octets = octets }

    /// - Parameter value: behind the colon, with the line ends of its folds; with or without that of the field.
    /// - Returns: nil where the field is not well-formed.
    static func authservID(of value: [UInt8]) -> AuthservID? {
        let octets = value.suffix(2) == [0x0D, 0x0A] ? Array(value.dropLast(2)) : value
        guard isPlain(octets) else { return nil }
        var parser = AuthenticationResultsParser(octets: octets)
        return parser.field()
    }

    // MARK: Octets

    private static func isPlain(_ octets: [UInt8]) -> Bool {
        guard let text = String(validating: octets, as: UTF8.self) else { return false }
        let hidesSomething = text.unicodeScalars.contains { EscapedText.isEscaped($0) && $0 != "\t" && $0 != "\r" && $0 != "\n" }
        let hasEncodedWord = zip(octets, octets.dropFirst()).contains { $0 == UInt8(ascii: "=") && $1 == UInt8(ascii: "?") }
        return !hidesSomething && !hasEncodedWord && foldsAreProper(octets)
    }

    /// Whether every CR and LF is part of a CRLF before a blank and, further on in its line, something else.
    private static func foldsAreProper(_ octets: [UInt8]) -> Bool {
        let lines = octets.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            var line = line
            if index < lines.count - 1, line.popLast() != 0x0D { return false }
            if line.contains(0x0D) { return false }
            guard index > 0 else { continue }
            guard line.first.map(isBlank) == true, !line.allSatisfy(isBlank) else { return false }
        }
        return true
    }

    private static func isBlank(_ octet: UInt8) -> Bool { octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") }

    // MARK: Grammar

    private var next: UInt8? { position < octets.count ? octets[position] : nil }

    private mutating func skip(_ octet: UInt8) -> Bool {
        guard next == octet else { return false }
        position += 1
        return true
    }

    private mutating func field() -> AuthservID? {
        guard skipSimpleCommentsAndBlanks(), let id = value() else { return nil }
        let end = position
        guard skipSimpleCommentsAndBlanks() else { return nil }
        if position > end, !word(Self.isDigit).isEmpty { guard skipSimpleCommentsAndBlanks() else { return nil } }
        guard skip(UInt8(ascii: ";")), skipCommentsAndBlanks(), firstResult(), rest() else { return nil }
        return String(validating: id, as: UTF8.self).map(AuthservID.init(text:))
    }

    /// A token, also within quotes; nil for anything else.
    private mutating func value() -> [UInt8]? {
        guard next == UInt8(ascii: "\"") else {
            let token = word(Self.isTokenText)
            return token.isEmpty ? nil : Array(token)
        }
        guard let content = quotedString(), !content.isEmpty, content.allSatisfy(Self.isTokenText) else { return nil }
        return content
    }

    /// `none`, which nothing follows, or a method and its equals sign.
    private mutating func firstResult() -> Bool {
        let method = word(Self.isKeywordText)
        guard !method.isEmpty, skipCommentsAndBlanks() else { return false }
        if position == octets.count { return method.map { $0 | 0x20 }.elementsEqual("none".utf8) }
        if skip(UInt8(ascii: "/")) {
            guard skipCommentsAndBlanks(), !word(Self.isDigit).isEmpty, skipCommentsAndBlanks() else { return false }
        }
        return skip(UInt8(ascii: "="))
    }

    /// Whether all comments and quoted strings that are left come to their end.
    private mutating func rest() -> Bool {
        while let octet = next {
            switch octet {
            case UInt8(ascii: "("): guard skipComment() else { return false }
            case UInt8(ascii: "\""): guard quotedString() != nil else { return false }
            case UInt8(ascii: ")"), UInt8(ascii: "\\"): return false
            default: position += 1
            }
        }
        return true
    }

    private mutating func word(_ isPart: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while let octet = next, isPart(octet) { position += 1 }
        return octets[start..<position]
    }

    /// CFWS of RFC 5322 §3.2.2, or nothing; false where a comment does not end.
    private mutating func skipCommentsAndBlanks() -> Bool {
        while let octet = next {
            switch octet {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): position += 1
            case UInt8(ascii: "("): guard skipComment() else { return false }
            default: return true
            }
        }
        return true
    }

    private mutating func skipSimpleCommentsAndBlanks() -> Bool {
        let start = position
        guard skipCommentsAndBlanks() else { return false }
        var isInside = false
        for octet in octets[start..<position] {
            switch octet {
            case UInt8(ascii: "(") where isInside: return false
            case UInt8(ascii: "("): isInside = true
            case UInt8(ascii: ")"): isInside = false
            case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: ";"): return false
            default: break
            }
        }
        return true
    }

    private mutating func skipComment() -> Bool {
        var depth = 0
        while let octet = next {
            position += 1
            switch octet {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return true }
            case UInt8(ascii: "\\"): position += 1
            default: break
            }
        }
        return false
    }

    /// What stands in the quotes, without its backslashes; nil where it does not end.
    private mutating func quotedString() -> [UInt8]? {
        guard skip(UInt8(ascii: "\"")) else { return nil }
        var content: [UInt8] = []
        while let octet = next {
            position += 1
            switch octet {
            case UInt8(ascii: "\""): return content
            case UInt8(ascii: "\\"):
                guard let escaped = next else { return nil }
                content.append(escaped)
                position += 1
            default: content.append(octet)
            }
        }
        return nil
    }

    private static func isDigit(_ octet: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) }

    /// `Ldh-str` of RFC 5321 §4.1.2.
    private static func isKeywordText(_ octet: UInt8) -> Bool {
        isDigit(octet) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet | 0x20) || octet == UInt8(ascii: "-")
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
