import NIOCore

/// Puts replies together from the octets of a remote server, however they are split (RFC 5321 §4.2).
///
/// Strict where it matters (three digits, the same code on every line), tolerant where servers differ: a line may end in LF alone, and
/// the text may be missing. Bounded: lines of 2,048 octets (of an
/// authentication exchange 12,288), 100 lines.
public struct ReplyParser: Sendable {
    /// RFC 5321 §4.5.3.1.5 allows 512 octets; many servers write more.
    static let maximumLine = 2048
    static let maximumLines = 100

    public enum Failure: Error, Hashable, Sendable {
        /// No reply; what arrived, printable and cut.
        case malformed(String)
        case lineTooLong
        case authenticationLineTooLong
        case tooManyLines
        case inconsistentCodes(String)

        /// What arrived, in words.
        public var text: String {
            switch self {
            case .malformed(let text): text
            case .lineTooLong: "(a line of more than \(ReplyParser.maximumLine) octets)"
            case .authenticationLineTooLong: "(a line of more than \(CommandLineReader.maximumAuthenticationLine) octets)"
            case .tooManyLines: "(a reply of more than \(ReplyParser.maximumLines) lines)"
            case .inconsistentCodes(let text): "(different codes in one reply) \(text)"
            }
        }
    }

    /// Whether lines may be as long as those of an authentication exchange (RFC 4954 §4).
    var isInExchange = false
    private var buffer = ByteBuffer()
    private var code: UInt16?
    private var earlierLines: [ByteBuffer] = []
    /// How much of `buffer` is known to hold no LF.
    private var searched = 0

    public init() {}

    /// Whether everything that came was part of a reply that has been taken.
    public var isEmpty: Bool { buffer.readableBytes == 0 && code == nil }

    /// Takes octets as they came.
    public mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            // What is left is at most one partial line; what lies before it must not pile up.
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next complete reply, or nil if more octets are needed.
    public mutating func next() throws(Failure) -> RemoteReply? {
        while let line = try nextLine() {
            guard let parsed = Self.parse(line) else { throw .malformed(ReplyText.quoted(line.readableBytesView)) }
            if let code, code != parsed.code { throw .inconsistentCodes(ReplyText.quoted(line.readableBytesView)) }
            if parsed.isLast {
                let reply = RemoteReply(code: parsed.code, lastLine: parsed.text, earlierLines: earlierLines)
                code = nil
                if !earlierLines.isEmpty { earlierLines = [] }
                return reply
            }
            code = parsed.code
            guard earlierLines.count < Self.maximumLines - 1 else { throw .tooManyLines }
            earlierLines.append(parsed.text)
        }
        return nil
    }

    /// A line without its end.
    private mutating func nextLine() throws(Failure) -> ByteBuffer? {
        let view = buffer.readableBytesView
        guard let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) else {
            guard view.count <= (isInExchange ? CommandLineReader.maximumAuthenticationLine : Self.maximumLine) else {
                throw isInExchange ? .authenticationLineTooLong : .lineTooLong
            }
            searched = view.count
            return nil
        }
        searched = 0
        let length = end - view.startIndex
        guard length <= (isInExchange ? CommandLineReader.maximumAuthenticationLine : Self.maximumLine) else {
            throw isInExchange ? .authenticationLineTooLong : .lineTooLong
        }
        guard var line = buffer.readSlice(length: length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 1)
        // The last octets of a read are gone once they are understood: an idle connection holds no buffer.
        if buffer.readableBytes == 0 { buffer = ByteBuffer() }
        if length > 0, line.getInteger(at: line.writerIndex - 1, as: UInt8.self) == UInt8(ascii: "\r") {
            line.moveWriterIndex(to: line.writerIndex - 1)
        }
        return line
    }

    private static func parse(_ line: ByteBuffer) -> (code: UInt16, isLast: Bool, text: ByteBuffer)? {
        var text = line
        guard let digits = text.readMultipleIntegers(as: (UInt8, UInt8, UInt8).self),
            (0x32...0x35).contains(digits.0), (0x30...0x39).contains(digits.1), (0x30...0x39).contains(digits.2)
        else { return nil }
        let code = UInt16(digits.0 - 0x30) * 100 + UInt16(digits.1 - 0x30) * 10 + UInt16(digits.2 - 0x30)
        switch text.readInteger(as: UInt8.self) {
        case nil, UInt8(ascii: " "): return (code, true, text)
        case UInt8(ascii: "-"): return (code, false, text)
        default: return nil
        }
    }
}
