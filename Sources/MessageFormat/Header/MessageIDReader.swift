import NIOCore

/// Finds the `Message-ID` of a message as its content comes in however split (RFC 5322 §3.6.4).
///
/// Stops at the end of the header, with the field, or behind `maximumOctets`. Keeps one line.
public struct MessageIDReader: Sendable {
    /// Octets of a message that are looked at.
    public static let maximumOctets = 64 * 1024
    /// Of the value, in octets; what is behind that is not kept. The longest that a line may have (RFC 5322 §2.1.1).
    public static let longest = 998

    /// The value, with its angle brackets; nil where there is none so far, or it is empty or no text.
    public private(set) var messageID: String?
    private var line: [UInt8] = []
    /// The value of the field, as far as it has come.
    private var value: [UInt8]?
    private var looked = 0
    private var isOver = false

    public init() {}

    public mutating func take(_ chunk: ByteBuffer) {
        guard !isOver else { return }
        var rest = chunk.readableBytesView.prefix(Self.maximumOctets - looked)
        looked += rest.count
        while !isOver, let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            keep(rest[..<end])
            lineEnded()
            rest = rest[(end + 1)...]
        }
        if !isOver { keep(rest) }
        if looked >= Self.maximumOctets { finish() }
    }

    private mutating func keep(_ octets: some Collection<UInt8>) { line += octets.prefix(Self.longest - min(line.count, Self.longest)) }

    private mutating func lineEnded() {
        defer { line.removeAll(keepingCapacity: true) }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard let first = line.first else { return finish() }
        if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
            // A fold (§2.2.3): long ids stand on a line of their own.
            if let begun = value { value = begun + line.prefix(Self.longest - min(begun.count, Self.longest)) }
        } else if value != nil {
            finish()
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")), Self.isName(line[..<colon]) {
            value = Array(line[(colon + 1)...])
        }
    }

    private static func isName(_ octets: ArraySlice<UInt8>) -> Bool {
        String(decoding: octets, as: UTF8.self).lowercased().trimmedAtEnd == "message-id"
    }

    private mutating func finish() {
        isOver = true
        guard let value, let text = String(validating: value, as: UTF8.self) else { return }
        let words = text.split { $0 == " " || $0 == "\t" }
        if !words.isEmpty { messageID = words.joined(separator: " ") }
        self.value = nil
    }
}

extension String {
    /// Blanks before the colon are obsolete (RFC 5322 §4.5.8).
    fileprivate var trimmedAtEnd: String {
        var text = self[...]
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
