import MailVocabulary
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// What every received message passes on its way into the queue.
///
/// It counts `Received` fields (the hop count, E10), removes `Authentication-Results` fields that claim to be our own
/// (RFC 8601 §5). Everything else passes byte-identical, as slices of the chunks.
///
/// The content has strict CRLF line ends; chunks may be cut anywhere. A field is held back only while it may be a forged one: at
/// most `maximumUndecidedOctets`. A field that leaves its authserv-id open for longer than that (behind an endless comment) is
/// removed. Lines that are no field, also the first, pass; the header ends at the empty line and nowhere else, because some
/// readers look for fields behind a broken line.
public struct IncomingHeaderFilter: Sendable {
    /// How much of one field is held back, in octets, until its authserv-id is known.
    public static let maximumUndecidedOctets = 4096

    /// The `Received` fields so far.
    public private(set) var receivedCount = 0
    /// The octets that passed so far.
    public private(set) var passedOctets = 0
    /// The fields that were removed so far.
    public private(set) var removedFieldCount = 0
    /// Whether the empty line that ends the header has passed.
    public var isHeaderComplete: Bool { position == .body }

    private enum Position: Hashable, Sendable {
        case lineStart
        case fieldName(KnownField, matched: Int)
        case fieldText
        case emptyLine
        case body
    }

    private enum KnownField: Hashable, Sendable {
        case received
        case authenticationResults

        /// The field name in lower case.
        var name: StaticString {
            switch self {
            case .received: "received"
            case .authenticationResults: "authentication-results"
            }
        }
    }

    /// What becomes of the field that is being read.
    private enum Disposition: Hashable, Sendable {
        case pass
        case undecided
        case remove
    }

    private let host: DomainName
    private var position = Position.lineStart
    private var disposition = Disposition.pass
    private var authservID: AuthservIDReader
    /// Octets of the undecided field, in `held` and in the current chunk.
    private var undecidedOctets = 0
    /// The part of the undecided field that came with earlier chunks.
    private var held = ByteBuffer()

    /// - Parameter host: our own name, as `Authentication-Results` fields of ours would say it.
    public init(host: DomainName) {
        self.host = host
        authservID = AuthservIDReader(host: host)
    }

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
            if let rest = chunk.getSlice(at: chunk.readerIndex + undecidedFrom, length: chunk.readableBytes - undecidedFrom) {
                held.writeImmutableBuffer(rest)
            }
        } else {
            pass(cut.chunk, from: cut.keptFrom, to: chunk.readableBytes, into: &output)
        }
    }

    /// The content has ended: what was held back passes, since nothing says that it claims to be ours.
    public mutating func finish(into output: inout [ByteBuffer]) {
        guard disposition == .undecided else { return }
        releaseHeld(into: &output)
        disposition = .pass
    }

    /// Where the current chunk is cut; offsets from its reader index.
    private struct Cut {
        let chunk: ByteBuffer
        /// Everything before has passed or is removed; nil while a field is being removed.
        var keptFrom: Int?
        /// Where the undecided field begins, or 0 if it began in an earlier chunk.
        var undecidedFrom: Int?
    }

    /// Reads at least one octet, or changes the position without reading.
    /// - Returns: the index of the next octet.
    private mutating func step(
        _ octets: UnsafeRawBufferPointer, _ index: Int, _ cut: inout Cut, _ output: inout [ByteBuffer]
    ) -> Int {
        let octet = octets[index]
        switch position {
        case .lineStart:
            if octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t") {
                position = .fieldText
                return index
            }
            endField(at: index, &cut, &output)
            return beginLine(octet, at: index, &cut)
        case .fieldName(let field, let matched):
            readName(octet, of: field, matched: matched, &cut, &output)
            return position == .fieldText && octet == UInt8(ascii: "\r") ? index : index + 1
        case .fieldText where disposition == .undecided:
            undecidedOctets += 1
            if octet == UInt8(ascii: "\n") { position = .lineStart }
            switch authservID.read(octet) {
            case .ours: remove(&cut, &output)
            case .foreign: keep(&cut, &output)
            case nil where undecidedOctets >= Self.maximumUndecidedOctets: remove(&cut, &output)
            case nil: break
            }
            return index + 1
        case .fieldText:
            guard let base = octets.baseAddress, let lineFeed = memchr(base + index, 0x0A, octets.count - index) else {
                return octets.count
            }
            position = .lineStart
            return base.distance(to: UnsafeRawPointer(lineFeed)) + 1
        case .emptyLine:
            position = octet == UInt8(ascii: "\n") ? .body : .fieldText
            return position == .body ? index + 1 : index
        case .body:
            return octets.count
        }
    }

    private mutating func beginLine(_ octet: UInt8, at index: Int, _ cut: inout Cut) -> Int {
        switch octet {
        case UInt8(ascii: "\r"):
            position = .emptyLine
        case UInt8(ascii: "R"), UInt8(ascii: "r"):
            position = .fieldName(.received, matched: 1)
        case UInt8(ascii: "A"), UInt8(ascii: "a"):
            position = .fieldName(.authenticationResults, matched: 1)
            disposition = .undecided
            undecidedOctets = 1
            cut.undecidedFrom = index
        default:
            position = .fieldText
            return index
        }
        return index + 1
    }

    /// Blanks between name and colon are obsolete (RFC 5322 §4.5.8), and must not hide a field.
    private mutating func readName(
        _ octet: UInt8, of field: KnownField, matched: Int, _ cut: inout Cut, _ output: inout [ByteBuffer]
    ) {
        undecidedOctets += 1
        let name = field.name
        if matched < name.utf8CodeUnitCount {
            if Self.lowercased(octet) == name.utf8Start[matched] {
                position = .fieldName(field, matched: matched + 1)
                return
            }
        } else if octet == UInt8(ascii: ":") {
            position = .fieldText
            switch field {
            case .received: receivedCount += 1
            case .authenticationResults: authservID = AuthservIDReader(host: host)
            }
            return
        } else if octet == UInt8(ascii: " ") || octet == UInt8(ascii: "\t"), undecidedOctets < Self.maximumUndecidedOctets {
            return
        }
        position = octet == UInt8(ascii: "\n") ? .lineStart : .fieldText
        keep(&cut, &output)
    }

    private mutating func endField(at index: Int, _ cut: inout Cut, _ output: inout [ByteBuffer]) {
        switch disposition {
        case .pass: break
        case .undecided: keep(&cut, &output)
        case .remove:
            cut.keptFrom = index
            disposition = .pass
        }
    }

    /// The undecided field passes: the chunk is not cut there.
    private mutating func keep(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        guard disposition == .undecided else { return }
        // What is held came before everything in this chunk, none of which has passed yet.
        releaseHeld(into: &output)
        cut.undecidedFrom = nil
        disposition = .pass
    }

    private mutating func remove(_ cut: inout Cut, _ output: inout [ByteBuffer]) {
        pass(cut.chunk, from: cut.keptFrom, to: cut.undecidedFrom ?? 0, into: &output)
        held.clear()
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

    private static func lowercased(_ octet: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet
    }
}
