import MailVocabulary
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// What every received message passes on its way into the queue, so that our own trace fields above it mean the same whatever it says.
///
/// The header that leaves it consists of fields and their continuation lines alone, and has an end that all readers agree on:
/// - At the first line that is neither, an empty line is put in, and that line begins the body. So content that begins with a blank cannot
///   continue our fields, and no reader finds a field behind a broken line that another one takes for the body.
/// - `From someone …` at the beginning, the separator of an `mbox` file, becomes the field `X-Mailbox-Line`: there are readers that skip it,
///   and take the line behind it for a continuation of ours.
/// - Of `Authentication-Results` only those stay that are well-formed and name another host than ours (RFC 8601 §5).
///   `ARC-Authentication-Results` stay: they are believed only with the signatures of their chain (RFC 8617 §4.1), which would break.
///
/// Everything else passes byte-identical, as slices of the chunks. It counts the `Received` fields (the hop count, E10).
///
/// The content has strict CRLF line ends; chunks may be cut anywhere. Held back are at most the name of a field, and of
/// `Authentication-Results` the whole field, up to `maximumUndecidedOctets`; a longer one is removed.
public struct IncomingHeaderFilter: Sendable {
    /// How much of an `Authentication-Results` field is held back, in octets, until its end shows whether it stays.
    public static let maximumUndecidedOctets = 8192

    /// The `Received` fields so far.
    public private(set) var receivedCount = 0
    /// The octets that passed so far, with those that were put in.
    public private(set) var passedOctets = 0
    /// The fields that were removed so far.
    public private(set) var removedFieldCount = 0
    /// Whether the header has ended.
    public var isHeaderComplete: Bool { position == .body }

    private enum Position: Hashable, Sendable {
        case lineStart
        case fieldName
        case fieldText
        /// After a CR at the beginning of a line.
        case emptyLine
        case body
    }

    /// What becomes of the line or field that is being read.
    private enum Disposition: Hashable, Sendable {
        case pass
        case undecided
        case remove
    }

    private let host: DomainName
    private var position = Position.lineStart
    private var disposition = Disposition.pass
    private var name = FieldNameReader()
    /// There is a line above that a blank may continue.
    private var hasLine = false
    /// There is a field above, other than separators that became one.
    private var hasField = false
    /// Octets of the undecided field, in `held` and in the current chunk.
    private var undecidedOctets = 0
    /// What is undecided and came with earlier chunks.
    private var held = ByteBuffer()

    /// - Parameter host: our own name, as `Authentication-Results` fields of ours would say it.
    public init(host: DomainName) { self.host = host }

    /// Takes the next chunk of content and appends what passes, in order, to `output`.
    public mutating func process(_ chunk: ByteBuffer, into output: inout [ByteBuffer]) {
        guard chunk.readableBytes > 0 else { return }
        guard position != .body else { return pass(chunk, into: &output) }
        var cut = Cut(chunk: chunk, keptFrom: disposition == .remove ? nil : 0, undecidedFrom: disposition == .undecided ? 0 : nil)
        chunk.withUnsafeReadableBytes { octets in
            var index = 0
            while index < octets.count, position != .body {
                index = step(octets, index, &cut, &output)
            }
        }
        if let undecidedFrom = cut.undecidedFrom {
            pass(cut.chunk, from: cut.keptFrom, to: undecidedFrom, into: &output)
            if let rest = cut.slice(from: undecidedFrom, to: chunk.readableBytes) { held.writeImmutableBuffer(rest) }
        } else {
            pass(cut.chunk, from: cut.keptFrom, to: chunk.readableBytes, into: &output)
        }
    }

    /// The content has ended, perhaps in the middle of a line.
    public mutating func finish(into output: inout [ByteBuffer]) {
        guard disposition == .undecided else { return }
        var cut = Cut(chunk: ByteBuffer(), keptFrom: 0, undecidedFrom: 0)
        switch position {
        case .fieldName, .emptyLine: endHeader(&cut, &output)
        case .lineStart, .fieldText, .body: endField(at: 0, &cut, &output)
        }
    }

    /// Where the current chunk is cut; offsets from its reader index.
    private struct Cut {
        let chunk: ByteBuffer
        /// Everything before has passed or is removed; nil while a field is being removed.
        var keptFrom: Int?
        /// Where the undecided line or field begins, or 0 if it began in an earlier chunk.
        var undecidedFrom: Int?

        func slice(from start: Int, to end: Int) -> ByteBuffer? { chunk.getSlice(at: chunk.readerIndex + start, length: end - start) }
    }

    /// Reads at least one octet, or changes the position without reading.
    /// - Returns: the index of the next octet.
    private mutating func step(
        _ octets: UnsafeRawBufferPointer, _ index: Int, _ cut: inout Cut, _ output: inout [ByteBuffer]
    ) -> Int {
        let octet = octets[index]
        switch position {
        case .lineStart:
            if hasLine, octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") {
                position = .fieldText
                return index
            }
            endField(at: index, &cut, &output)
            (disposition, cut.undecidedFrom) = (.undecided, index)
            name = FieldNameReader()
            position = octet == UInt8(ascii: "\r") ? .emptyLine : .fieldName
            return octet == UInt8(ascii: "\r") ? index + 1 : index
        case .fieldName:
            switch name.read(octet) {
            case .more: return index + 1
            case .field:
                beginField(&cut, &output)
                return index + 1
            case .noField:
                if name.isMailboxSeparator, !hasField { keepAsField(&cut, &output) } else { endHeader(&cut, &output) }
                return index
            }
        case .fieldText:
            guard let base = octets.baseAddress else { return octets.count }
            let lineFeed = memchr(base + index, 0x0A, octets.count - index)
            let end = lineFeed.map { base.distance(to: UnsafeRawPointer($0)) + 1 } ?? octets.count
            if lineFeed != nil { position = .lineStart }
            if disposition == .undecided {
                undecidedOctets += end - index
                if undecidedOctets > Self.maximumUndecidedOctets { remove(&cut, &output) }
            }
            return end
        case .emptyLine:
            guard octet == UInt8(ascii: "\n") else {
                endHeader(&cut, &output)
                return index
            }
            keep(&cut, &output)
            position = .body
            return index + 1
        case .body:
            return octets.count
        }
    }

    private mutating func beginField(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        position = .fieldText
        (hasLine, hasField) = (true, true)
        if name.isNamed("authentication-results") {
            undecidedOctets = name.octets
            return
        }
        if name.isNamed("received") { receivedCount += 1 }
        keep(&cut, &output)
    }

    /// The separator of an `mbox` file passes as a field.
    private mutating func keepAsField(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        insert("X-Mailbox-Line: ", &cut, &output)
        position = .fieldText
        hasLine = true
    }

    /// The line is no field: it begins the body.
    private mutating func endHeader(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        insert("\r\n", &cut, &output)
        position = .body
    }

    /// - Parameter index: where the next line begins, or the end of the content.
    private mutating func endField(at index: Int, _ cut: inout Cut, _ output: inout [ByteBuffer]) {
        // Of what is undecided, `Authentication-Results` alone come to their end.
        if disposition == .undecided {
            var field = held
            if let rest = cut.slice(from: cut.undecidedFrom ?? 0, to: index) { field.writeImmutableBuffer(rest) }
            let value = field.readableBytesView.drop { $0 != UInt8(ascii: ":") }.dropFirst()
            if let id = AuthenticationResultsParser.authservID(of: Array(value)), !id.mayMean(host) {
                keep(&cut, &output)
            } else {
                remove(&cut, &output)
            }
        }
        if disposition == .remove { (cut.keptFrom, disposition) = (index, .pass) }
    }

    /// What is undecided passes: the chunk is not cut there.
    private mutating func keep(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        // What is held came before everything in this chunk, none of which has passed yet.
        releaseHeld(into: &output)
        cut.undecidedFrom = nil
        disposition = .pass
    }

    /// What is undecided passes, behind octets of ours.
    private mutating func insert(_ text: StaticString, _ cut: inout Cut, _ output: inout [ByteBuffer]) {
        pass(cut.chunk, from: cut.keptFrom, to: cut.undecidedFrom ?? 0, into: &output)
        pass(ByteBuffer(staticString: text), into: &output)
        cut.keptFrom = cut.undecidedFrom
        keep(&cut, &output)
    }

    private mutating func remove(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        pass(cut.chunk, from: cut.keptFrom, to: cut.undecidedFrom ?? 0, into: &output)
        held = ByteBuffer()
        (cut.keptFrom, cut.undecidedFrom) = (nil, nil)
        disposition = .remove
        removedFieldCount += 1
    }

    private mutating func releaseHeld(into output: inout [ByteBuffer]) {
        guard held.readableBytes > 0 else { return }
        pass(held, into: &output)
        held = ByteBuffer()
    }

    private mutating func pass(_ chunk: ByteBuffer, from start: Int?, to end: Int, into output: inout [ByteBuffer]) {
        guard let start, end > start, let slice = chunk.getSlice(at: chunk.readerIndex + start, length: end - start) else { return }
        pass(slice, into: &output)
    }

    private mutating func pass(_ slice: ByteBuffer, into output: inout [ByteBuffer]) {
        passedOctets += slice.readableBytes
        output.append(slice)
    }
}
