import NIOCore

/// Takes the chunks of one message behind `BDAT` (RFC 3030 §2) and checks them by the same rules as content behind `DATA`.
///
/// Nothing in a chunk is ever taken for a command or an end: only its announced size counts. A CR at the end of one chunk and the LF at
/// the beginning of the next belong together.
public struct ChunkDecoder: Sendable {
    /// Octets of the present chunk that are still to come.
    public private(set) var remaining = 0
    private var isAfterCarriageReturn = false
    private var rules: ContentRules

    /// - Parameters:
    ///   - limit: the largest message in octets; nil: no limit.
    ///   - lineLimit: the longest line in octets, without its CRLF; nil: no limit.
    public init(limit: Int?, lineLimit: Int?) { rules = ContentRules(limit: limit, lineLimit: lineLimit) }

    /// The octets of the message so far, refused ones included.
    public var octets: Int { rules.octets }
    /// The first thing wrong with the message.
    public var defect: ContentDefect? { rules.defect }
    /// Whether any octet handed out so far is above 127.
    public var has8BitOctets: Bool { rules.has8BitOctets }

    /// Begins the next chunk.
    /// - Parameter size: its octets, zero or more.
    public mutating func beginChunk(size: Int) { remaining = size }

    /// Reads all of the input, or up to the end of the chunk.
    ///
    /// - Returns: the next octets of the message, up to its first defect: a slice of the input; may be empty.
    public mutating func decode(_ input: inout ByteBuffer) -> ByteBuffer {
        let length = min(remaining, input.readableBytes)
        guard let chunk = input.readSlice(length: length) else { return ByteBuffer() }
        remaining -= length
        let sound = chunk.withUnsafeReadableBytes { scan($0) }
        // Never more than the slice has.
        let content = chunk.getSlice(at: chunk.readerIndex, length: sound) ?? chunk
        rules.note8BitOctets(in: content)
        return content
    }

    /// The message ends here: a CR that waits for its LF waits in vain.
    public mutating func finishMessage() {
        if isAfterCarriageReturn { rules.bareLineEnd() }
    }

    /// - Returns: how many octets come before the first defect.
    private mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Int {
        var end: Int? = defect == nil ? nil : 0
        func noteEnd(_ index: Int) {
            if end == nil { end = index }
        }
        var controls = ControlScanner(bytes)
        var index = 0
        while index < bytes.count {
            let control = controls.next(from: index)
            if control > index {
                if isAfterCarriageReturn {
                    rules.bareLineEnd()
                    noteEnd(index)
                }
                isAfterCarriageReturn = false
                let sound = rules.text(control - index)
                if sound < control - index { noteEnd(index + sound) }
                index = control
                continue
            }
            switch (bytes[index], isAfterCarriageReturn) {
            case (UInt8(ascii: "\r"), false), (UInt8(ascii: "\n"), true):
                if !rules.lineEndOctet() { noteEnd(index) }
            default:
                rules.bareLineEnd()
                rules.refusedOctet()
                noteEnd(index)
            }
            isAfterCarriageReturn = bytes[index] == UInt8(ascii: "\r")
            index += 1
        }
        return end ?? bytes.count
    }
}
