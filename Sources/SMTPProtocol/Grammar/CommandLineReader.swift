import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Finds command lines in the input.
///
/// Only CRLF ends a command line (RFC 5321 §2.3.8). A bare LF makes everything up to the next CRLF one faulty line, so that
/// nothing behind it is ever carried out; each such LF is answered, or a client that knows no CR would wait in vain.
struct CommandLineReader: Sendable {
    enum Line: Hashable, Sendable {
        /// A line of `length` octets, without its CRLF, stands at the beginning of the input.
        case command(length: Int)
        /// A line, now consumed, that is answered with a refusal.
        case badLineEnd
        /// Of `AUTH` it is said otherwise (RFC 4954 §4). Whether it begins with a verb that is known.
        case tooLong(isAuthentication: Bool, hasVerb: Bool)
        /// The rest of a line that was answered already, now consumed.
        case skipped
        /// A line of more than `maximumSkipped` octets: nothing to wait for.
        case endless
    }

    private enum Skipping: Hashable, Sendable {
        case nothing
        case overlongLine(isAuthentication: Bool, hasVerb: Bool)
        case faultyLine
    }

    /// Octets of one line that are read before the session gives up on its end.
    static let maximumSkipped = 65536

    /// Octets with CRLF of a line of an authentication exchange, and of `AUTH` with an initial response (RFC 4954 §4).
    static let maximumAuthenticationLine = 12288

    /// Octets with CRLF, before extensions.
    let limit: Int
    /// Whether `AUTH` is a command here, and a parameter of `MAIL`.
    let knowsAuthentication: Bool
    private var skipping = Skipping.nothing
    private var skipped = 0
    private var endedWithCarriageReturn = false

    init(limit: Int, knowsAuthentication: Bool = false) { (self.limit, self.knowsAuthentication) = (limit, knowsAuthentication) }

    /// Whether the input begins in the middle of a line that is being skipped.
    var isSkipping: Bool { skipping != .nothing }

    /// - Returns: nil where the line is not complete yet.
    mutating func next(_ input: inout ByteBuffer) -> Line? {
        let (line, consumed) = input.withUnsafeReadableBytes { read($0, isResponse: false) }
        input.moveReaderIndex(forwardBy: consumed)
        return line
    }

    /// The same for a line of an authentication exchange, which is no command.
    mutating func nextResponse(_ input: inout ByteBuffer) -> Line? {
        let (line, consumed) = input.withUnsafeReadableBytes { read($0, isResponse: true) }
        input.moveReaderIndex(forwardBy: consumed)
        return line
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, isResponse: Bool) -> (Line?, consumed: Int) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return (nil, 0) }
        func isOverlong(_ count: Int) -> Bool {
            isResponse ? count > Self.maximumAuthenticationLine : count > limit && count > limit(for: bytes)
        }
        let isAuthentication = isResponse || (knowsAuthentication && Self.begins(bytes, with: "AUTH "))
        guard let found = memchr(base, 0x0A, bytes.count) else {
            if skipped + bytes.count > Self.maximumSkipped { return (.endless, bytes.count) }
            guard isSkipping || isOverlong(bytes.count) else { return (nil, 0) }
            if skipping == .nothing { skipping = .overlongLine(isAuthentication: isAuthentication, hasVerb: Self.hasVerb(bytes)) }
            skipped += bytes.count
            endedWithCarriageReturn = bytes[bytes.count - 1] == UInt8(ascii: "\r")
            return (nil, bytes.count)
        }

        let lineFeed = base.distance(to: UnsafeRawPointer(found))
        let length = lineFeed + 1
        if skipped + length > Self.maximumSkipped { return (.endless, length) }
        let followsCarriageReturn = lineFeed > 0 ? bytes[lineFeed - 1] == UInt8(ascii: "\r") : endedWithCarriageReturn
        let skippingBefore = skipping
        (skipped, endedWithCarriageReturn) = (0, false)
        skipping = followsCarriageReturn ? .nothing : .faultyLine

        switch skippingBefore {
        case .faultyLine: return (followsCarriageReturn ? .skipped : .badLineEnd, length)
        case .overlongLine(let isAuthentication, let hasVerb):
            return (.tooLong(isAuthentication: isAuthentication, hasVerb: hasVerb), length)
        case .nothing: break
        }
        if isOverlong(length) { return (.tooLong(isAuthentication: isAuthentication, hasVerb: Self.hasVerb(bytes)), length) }
        guard followsCarriageReturn else { return (.badLineEnd, length) }
        let lineLength = lineFeed - 1
        if memchr(base, 0x0D, lineLength) != nil || memchr(base, 0x00, lineLength) != nil { return (.badLineEnd, length) }
        return (.command(length: lineLength), 0)
    }

    /// The limit, and what extensions add to `MAIL` and `RCPT` (SIZE 26: RFC 1870 §3; BODY 17: RFC 6152 §2; SMTPUTF8 10: RFC 6531 §3.1;
    /// DSN: RFC 3461 §4, with room for ORCPT's 500 octets; AUTH 500: RFC 4954 §3), and that of `AUTH`.
    private func limit(for bytes: UnsafeRawBufferPointer) -> Int {
        if Self.begins(bytes, with: "MAIL ") { return limit + 26 + 17 + 10 + 500 + (knowsAuthentication ? 500 : 0) }
        if Self.begins(bytes, with: "RCPT ") { return limit + 10 + 500 + 40 }
        if knowsAuthentication, Self.begins(bytes, with: "AUTH ") { return max(limit, Self.maximumAuthenticationLine) }
        return limit
    }

    /// - Parameter bytes: from the beginning of an overlong line on: more than a verb has.
    private static func hasVerb(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let end = bytes.firstIndex(of: UInt8(ascii: " ")), let verb = CommandVerb(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        else { return false }
        return verb != .http
    }

    static func begins(_ bytes: UnsafeRawBufferPointer, with word: StaticString) -> Bool {
        bytes.count >= word.utf8CodeUnitCount && bytes.prefix(word.utf8CodeUnitCount).equalsIgnoringCase(word)
    }
}
