import NIOCore

/// Writes one header field word by word and folds it before a line grows beyond 78 octets (RFC 5322 §2.1.1).
struct FieldWriter {
    /// The recommended length of a line, without CRLF.
    static let recommendedOctets = 78
    /// No line may be longer, without CRLF; words are bounded so that none is.
    static let maximumOctets = 998

    private(set) var buffer: ByteBuffer
    private var column: Int

    /// Takes the buffer over, and leaves an empty one behind until `end`: with two owners of the storage the first write would copy all
    /// that is in it.
    ///
    /// - Parameter name: the field name without colon.
    init(appendingTo buffer: inout ByteBuffer, name: StaticString) {
        (self.buffer, column) = (ByteBuffer(), 0)
        swap(&self.buffer, &buffer)
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
        var whole = ByteBuffer()
        swap(&whole, &buffer)
        return whole
    }
}
