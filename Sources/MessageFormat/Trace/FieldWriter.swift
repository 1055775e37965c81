import NIOCore

/// Writes one header field word by word and folds it before a line grows beyond 78 octets (RFC 5322 §2.1.1).
struct FieldWriter {
    /// The recommended length of a line, without CRLF.
    static let recommendedOctets = 78
    /// No line may be longer, without CRLF; words are bounded so that none is.
    static let maximumOctets = 998

    private(set) var buffer: ByteBuffer
    private var column: Int

    /// - Parameter name: the field name without colon.
    init(appendingTo buffer: ByteBuffer, name: StaticString) {
        self.buffer = buffer
        column = self.buffer.writeStaticString(name) + self.buffer.writeStaticString(":")
    }

    /// Appends a blank, or a fold where the line would grow too long, and the word.
    mutating func word(_ word: String) {
        let octets = word.utf8.count
        if column + 1 + octets > Self.recommendedOctets, column > 1 {
            buffer.writeStaticString("\r\n\t")
            column = 1
        } else {
            buffer.writeStaticString(" ")
            column += 1
        }
        buffer.writeString(word)
        column += octets
    }

    /// Words that may be folded apart.
    mutating func words(_ words: String...) {
        for word in words { self.word(word) }
    }

    /// Ends the field, and returns the buffer with it.
    mutating func end() -> ByteBuffer {
        buffer.writeStaticString("\r\n")
        return buffer
    }
}
