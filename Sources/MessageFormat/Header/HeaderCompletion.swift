import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Takes the header of a submitted message, however it is cut, and makes it what a message that goes out has to be (RFC 6409 §8).
///
/// It comes from ``IncomingHeaderFilter``: fields and their continuation lines alone, up to an empty line or the end of the content. There
/// the fields that are missing are put in.
///
/// Of one field no more is held back than its name, which is at most a line.
struct HeaderCompletion: Sendable {
    private enum Position: Hashable, Sendable {
        case lineStart
        case fieldName
        case fieldText
        /// After a CR at the beginning of a line.
        case emptyLine
        case body
    }

    private let date: ByteBuffer
    private let messageID: ByteBuffer
    private var position = Position.lineStart
    private var isRemoving = false
    /// The beginning of a line that came with earlier chunks.
    private var held = ByteBuffer()
    private var name = FieldNameReader()
    private var hasDate = false
    private var hasMessageID = false

    /// - Parameters:
    ///   - date: the whole field, for messages that have none.
    ///   - messageID: the same.
    init(date: ByteBuffer, messageID: ByteBuffer) { (self.date, self.messageID) = (date, messageID) }

    /// Where the current chunk is cut; offsets from its reader index.
    private struct Cut {
        let chunk: ByteBuffer
        /// Everything before has passed or is removed; nil while a field is being removed.
        var passFrom: Int?
        /// Where the line begins of which nothing is known yet, or 0 if it began in an earlier chunk.
        var lineFrom: Int?
    }

    mutating func process(_ chunk: ByteBuffer, into output: inout [ByteBuffer]) {
        guard chunk.readableBytes > 0 else { return }
        guard position != .body else { return output.append(chunk) }
        let isUndecided = position == .fieldName || position == .emptyLine
        var cut = Cut(chunk: chunk, passFrom: isRemoving ? nil : 0, lineFrom: isUndecided ? 0 : nil)
        chunk.withUnsafeReadableBytes { octets in
            var index = 0
            while index < octets.count, position != .body { index = step(octets, index, &cut, &output) }
        }
        if let lineFrom = cut.lineFrom {
            Self.pass(cut, to: lineFrom, into: &output)
            if let rest = chunk.getSlice(at: chunk.readerIndex + lineFrom, length: chunk.readableBytes - lineFrom) {
                held.writeImmutableBuffer(rest)
            }
        } else {
            Self.pass(cut, to: chunk.readableBytes, into: &output)
        }
    }

    /// The content has ended, perhaps without a body, or in the middle of a line.
    mutating func finish(into output: inout [ByteBuffer]) {
        switch position {
        case .body: return
        case .fieldName, .emptyLine:
            addFields(withEmptyLine: true, into: &output)
            if held.readableBytes > 0 { output.append(held) }
            held = ByteBuffer()
        case .fieldText:
            if !isRemoving { output.append(ByteBuffer(string: "\r\n")) }
            addFields(withEmptyLine: false, into: &output)
        case .lineStart: addFields(withEmptyLine: false, into: &output)
        }
        position = .body
    }

    /// Reads at least one octet, or changes the position without reading.
    /// - Returns: the index of the next octet.
    private mutating func step(
        _ octets: UnsafeRawBufferPointer, _ index: Int, _ cut: inout Cut, _ output: inout [ByteBuffer]
    ) -> Int {
        let octet = octets[index]
        switch position {
        case .lineStart:
            beginLine(octet, at: index, &cut, &output)
            return octet == UInt8(ascii: "\r") ? index + 1 : index
        case .fieldName:
            switch name.read(octet) {
            case .more: return index + 1
            case .field:
                decide(&cut, &output)
                return index + 1
            case .noField:
                endHeader(withEmptyLine: true, &cut, &output)
                return index
            }
        case .fieldText:
            guard let base = octets.baseAddress, let lineFeed = memchr(base + index, 0x0A, octets.count - index) else {
                return octets.count
            }
            position = .lineStart
            return base.distance(to: UnsafeRawPointer(lineFeed)) + 1
        case .emptyLine:
            endHeader(withEmptyLine: octet != UInt8(ascii: "\n"), &cut, &output)
            return index
        case .body: return octets.count
        }
    }

    private mutating func beginLine(_ octet: UInt8, at index: Int, _ cut: inout Cut, _ output: inout [ByteBuffer]) {
        if octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") {
            position = .fieldText
            return
        }
        if isRemoving { (isRemoving, cut.passFrom) = (false, index) }
        cut.lineFrom = index
        position = octet == UInt8(ascii: "\r") ? .emptyLine : .fieldName
        name = FieldNameReader()
    }

    private mutating func decide(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        position = .fieldText
        if name.isNamed("bcc") || name.isNamed("resent-bcc") {
            Self.pass(cut, to: cut.lineFrom ?? 0, into: &output)
            (cut.passFrom, cut.lineFrom) = (nil, nil)
            held = ByteBuffer()
            isRemoving = true
            return
        }
        if name.isNamed("date") { hasDate = true }
        if name.isNamed("message-id") { hasMessageID = true }
        keep(&cut, &output)
    }

    /// The line passes: the chunk is not cut there.
    private mutating func keep(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        // What is held came before everything in this chunk, none of which has passed yet.
        if held.readableBytes > 0 { output.append(held) }
        held = ByteBuffer()
        cut.lineFrom = nil
    }

    private mutating func endHeader(withEmptyLine: Bool, _ cut: inout Cut, _ output: inout [ByteBuffer]) {
        let lineFrom = cut.lineFrom ?? 0
        if !hasDate || !hasMessageID || withEmptyLine {
            Self.pass(cut, to: lineFrom, into: &output)
            cut.passFrom = lineFrom
        }
        addFields(withEmptyLine: withEmptyLine, into: &output)
        keep(&cut, &output)
        position = .body
    }

    private func addFields(withEmptyLine: Bool, into output: inout [ByteBuffer]) {
        if !hasDate { output.append(date) }
        if !hasMessageID { output.append(messageID) }
        if withEmptyLine { output.append(ByteBuffer(string: "\r\n")) }
    }

    private static func pass(_ cut: Cut, to end: Int, into output: inout [ByteBuffer]) {
        guard let start = cut.passFrom, end > start,
            let slice = cut.chunk.getSlice(at: cut.chunk.readerIndex + start, length: end - start)
        else { return }
        output.append(slice)
    }
}
