import NIOCore

/// Takes the content behind `DATA` apart (RFC 5321 §4.1.1.4, §4.5.2): finds its end, removes the dots added for transparency, checks it.
///
/// Only `CRLF . CRLF` ends it, the CRLF of the `DATA` line counting as the first. Content with a defect is refused after that
/// end: until then it is read and dropped, so that nothing of it is ever taken for a command.
public struct DataDecoder: Sendable {
    private enum Position: Sendable {
        /// At the beginning, or after CRLF.
        case lineStart
        case withinLine
        case afterCarriageReturn
        /// After the first dot of a line.
        case afterDot
        case afterDotCarriageReturn
    }

    private var position = Position.lineStart
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

    /// What one piece of input held.
    public struct Output: Sendable {
        /// The next octets of the message, up to its first defect: a slice of the input unless a dot had to go from its middle; may be
        /// empty.
        public let content: ByteBuffer
        /// The end of the data was found; what is left in the input comes after it.
        public let isComplete: Bool
    }

    /// Reads all of the input, or up to and with the end of the data.
    public mutating func decode(_ input: inout ByteBuffer) -> Output {
        var scan = Scan(allocatesAtMost: input.readableBytes, isRefused: defect != nil)
        let start = input.readerIndex
        let isComplete = input.withUnsafeReadableBytes { bytes in
            let isComplete = self.scan(bytes, &scan)
            scan.finish(bytes)
            return isComplete
        }
        // The run lies within what is readable.
        let run = input.getSlice(at: start + scan.run.lowerBound, length: scan.run.count) ?? ByteBuffer()
        let content = scan.gathered ?? run
        input.moveReaderIndex(forwardBy: scan.consumed)
        rules.note8BitOctets(in: content)
        return Output(content: content, isComplete: isComplete)
    }

    /// - Returns: whether the end of the data was found.
    private mutating func scan(_ bytes: UnsafeRawBufferPointer, _ scan: inout Scan) -> Bool {
        var controls = ControlScanner(bytes)
        var index = 0
        while index < bytes.count {
            if position == .lineStart, bytes[index] == UInt8(ascii: ".") {
                scan.leaveOut(index, bytes)
                position = .afterDot
                index += 1
                continue
            }
            let control = controls.next(from: index)
            if control > index {
                if position == .afterCarriageReturn || position == .afterDotCarriageReturn { refuse(at: index, &scan) }
                position = .withinLine
                let length = control - index
                let sound = rules.text(length)
                if sound < length { scan.end(at: index + sound) }
                index = control
            } else {
                let isEnd = readControl(bytes[index], at: index, &scan)
                index += 1
                if isEnd {
                    scan.consumed = index
                    return true
                }
            }
        }
        // A CR that may belong to the end of the data is held back: if it does not, the content is refused anyway.
        scan.end(at: position == .afterDotCarriageReturn ? scan.runStart : bytes.count)
        scan.consumed = bytes.count
        return false
    }

    /// Reads a CR, LF or NUL. Nothing but CR LF makes a new line, whatever was refused before it.
    ///
    /// - Returns: whether it completes the end of the data.
    private mutating func readControl(_ byte: UInt8, at index: Int, _ scan: inout Scan) -> Bool {
        switch (byte, position) {
        case (UInt8(ascii: "\n"), .afterDotCarriageReturn):
            scan.end(at: scan.runStart)
            return true
        case (UInt8(ascii: "\n"), .afterCarriageReturn):
            if !rules.lineEndOctet() { scan.end(at: index) }
            position = .lineStart
        case (UInt8(ascii: "\r"), .afterDot):
            position = .afterDotCarriageReturn
        case (UInt8(ascii: "\r"), .lineStart), (UInt8(ascii: "\r"), .withinLine):
            if !rules.lineEndOctet() { scan.end(at: index) }
            position = .afterCarriageReturn
        case (UInt8(ascii: "\r"), _):
            refuse(at: index, &scan)
            rules.refusedOctet()
            position = .afterCarriageReturn
        default:
            refuse(at: index, &scan)
            rules.refusedOctet()
            position = .withinLine
        }
        return false
    }

    private mutating func refuse(at index: Int, _ scan: inout Scan) {
        rules.bareLineEnd()
        scan.end(at: position == .afterDotCarriageReturn ? scan.runStart : index)
    }
}

extension DataDecoder {
    /// Which octets of one piece of input are content.
    ///
    /// They are one run of the input, unless a dot has to go from their middle: then they are gathered in a buffer of their own.
    private struct Scan {
        var consumed = 0
        private(set) var runStart = 0
        private var runEnd: Int?
        private(set) var gathered: ByteBuffer?
        private let capacity: Int

        /// - Parameter isRefused: nothing more is content.
        init(allocatesAtMost capacity: Int, isRefused: Bool) {
            self.capacity = capacity
            runEnd = isRefused ? 0 : nil
        }

        var run: Range<Int> { runStart..<max(runStart, runEnd ?? runStart) }

        /// Fixes the end of the content; the first call counts.
        mutating func end(at index: Int) {
            if runEnd == nil { runEnd = index }
        }

        /// Leaves the octet at `index` out of the content.
        mutating func leaveOut(_ index: Int, _ bytes: UnsafeRawBufferPointer) {
            guard runEnd == nil else { return }
            if runStart < index { gather(bytes[runStart..<index]) }
            runStart = index + 1
        }

        mutating func finish(_ bytes: UnsafeRawBufferPointer) {
            if gathered != nil { gather(bytes[run]) }
        }

        private mutating func gather(_ octets: Slice<UnsafeRawBufferPointer>) {
            if gathered == nil { gathered = ByteBufferAllocator().buffer(capacity: capacity) }
            gathered?.writeBytes(UnsafeRawBufferPointer(rebasing: octets))
        }
    }
}
