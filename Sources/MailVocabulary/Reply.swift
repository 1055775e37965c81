/// An SMTP reply: code, enhanced status code, text (RFC 5321 §4.2, RFC 2034).
///
/// A value, not bytes: the same reply is sent to a client, written into a log and kept as the last error of a recipient.
public struct Reply: Hashable, Sendable {
    /// 200 to 599.
    public let code: UInt16
    /// Absent for the banner, `HELO`/`EHLO` and `354` (RFC 2034 §4), and where a remote server gives none.
    public let status: EnhancedStatusCode?
    /// One or more lines of printable text, without code, status code or line end.
    public let lines: [String]

    public init(_ code: UInt16, _ status: EnhancedStatusCode?, lines: [String]) {
        precondition((200...599).contains(code) && !lines.isEmpty, "RFC 5321 §4.2")
        (self.code, self.status, self.lines) = (code, status, lines)
    }

    public init(_ code: UInt16, _ status: EnhancedStatusCode?, _ text: String) {
        self.init(code, status, lines: [text])
    }

    /// `Reply(550, "5.7.1", "…")` for the program's own replies.
    public init(_ code: UInt16, _ status: StaticString, _ text: String) {
        guard let status = EnhancedStatusCode(parsing: "\(status)") else {
            preconditionFailure("a reply of our own has a valid enhanced status code")
        }
        self.init(code, status, text)
    }

    public var isPositive: Bool { code < 400 }
    public var isTransientFailure: Bool { (400...499).contains(code) }
    public var isPermanentFailure: Bool { code >= 500 }
}

extension Reply {
    /// A reply as `description` wrote it, for what was kept as text; nil for anything else.
    public init?(recorded text: String) {
        let words = text.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].utf8.count == 3, let code = UInt16(words[0]), (200...599).contains(code) else { return nil }
        let rest = words[1].split(separator: " ", maxSplits: 1)
        guard rest.count == 2, let status = EnhancedStatusCode(parsing: String(rest[0])) else {
            self.init(code, nil, String(words[1]))
            return
        }
        self.init(code, status, String(rest[1]))
    }
}

extension Reply: CustomStringConvertible {
    /// One line, as a log or a report shows it: `550 5.7.1 Relaying denied`.
    public var description: String {
        let status = status.map { "\($0) " } ?? ""
        return "\(code) \(status)\(lines.joined(separator: " / "))"
    }
}
