import MailVocabulary
import NIOCore

/// A reply as it arrived: most of them only say yes, so the text stays bytes until someone wants it.
public struct RemoteReply: Hashable, Sendable {
    /// 200 to 599.
    public let code: UInt16
    /// The text of the last line, usually the only one.
    let lastLine: ByteBuffer
    /// The texts of the lines before it.
    let earlierLines: [ByteBuffer]

    /// The most octets of text that `reply` keeps: it is stored with each recipient.
    static let maximumKeptText = 1024

    /// Whether the command was done; 3xx asks for more.
    public var isPositive: Bool { code < 300 }

    /// The texts of all lines, printable.
    public var lines: [String] { (earlierLines + [lastLine]).map { ReplyText.printable($0.readableBytesView) } }

    /// The reply as a value: enhanced status code recognised where it stands and its class agrees with the code (RFC 2034 §4).
    public var reply: Reply {
        var kept: [String] = []
        var octets = 0
        for (index, line) in lines.enumerated() where octets < Self.maximumKeptText {
            var text = line[...]
            if let status {
                // Every line repeats it, which is noise once it is a value.
                let prefix = status.description
                if text.hasPrefix(prefix) { text = text.dropFirst(prefix.count).drop { $0 == " " } }
            }
            let room = Self.maximumKeptText - octets
            let cut = text.utf8.count > room ? text.prefix(room) : text
            octets += cut.utf8.count
            if !cut.isEmpty || index == 0 { kept.append(String(cut)) }
        }
        return Reply(code, status, lines: kept)
    }

    /// The enhanced status code, of the last line; nil where there is none.
    var status: EnhancedStatusCode? {
        let bytes = lastLine.readableBytesView
        let word = bytes.prefix(12).prefix { $0 != UInt8(ascii: " ") }
        guard let first = word.first, UInt16(first) == code / 100 + 0x30 else { return nil }
        return EnhancedStatusCode(parsing: String(decoding: word, as: UTF8.self))
    }
}
