import NIOCore

/// Reads the fields of one frame. Every read is checked against what is there: a frame cannot make the reader allocate
/// more than it carries.
public struct WireReader {
    private var buffer: ByteBuffer

    init(_ body: ByteBuffer) { buffer = body }

    @inline(__always)
    public mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(WireError) -> Value {
        guard let value = buffer.readInteger(as: type) else { throw .truncated }
        return value
    }

    public mutating func bool() throws(WireError) -> Bool {
        switch try integer(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .invalid("Bool")
        }
    }

    public mutating func text() throws(WireError) -> String {
        let length = Int(try integer(UInt32.self))
        guard let slice = buffer.readSlice(length: length) else { throw .truncated }
        guard let text = String(validating: slice.readableBytesView, as: UTF8.self) else { throw .invalid("UTF-8") }
        return text
    }

    /// Text that may become a line of a dialogue, a report or a log: no control characters, save the tab. A process that strangers
    /// have taken over cannot make two lines of one.
    ///
    /// - Parameter maximum: in octets. What is read here is written into other frames, which have a limit of their own.
    public mutating func line(maximum: Int = .max) throws(WireError) -> String {
        let line = try text()
        guard line.utf8.count <= maximum else { throw .invalid("line") }
        guard !line.utf8.contains(where: \.isControl) else { throw .invalid("line") }
        return line
    }

    public mutating func bytes() throws(WireError) -> ByteBuffer {
        let length = Int(try integer(UInt32.self))
        guard let slice = buffer.readSlice(length: length) else { throw .truncated }
        return slice
    }

    /// All that is left: the content of a content frame.
    mutating func rest() -> ByteBuffer {
        let rest = buffer
        buffer.moveReaderIndex(to: buffer.writerIndex)
        return rest
    }

    public mutating func optional<Value>(_ body: (inout WireReader) throws(WireError) -> Value) throws(WireError) -> Value? {
        try bool() ? try body(&self) : nil
    }

    /// - Parameter maximum: elements; more are refused before the first is read.
    public mutating func array<Element>(
        maximum: Int = .max, _ body: (inout WireReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = Int(try integer(UInt32.self))
        guard count <= maximum else { throw .invalid("array") }
        // Every element has at least one octet: a larger count is a lie, found before anything is reserved for it.
        guard count <= buffer.readableBytes else { throw .truncated }
        var elements: [Element] = []
        elements.reserveCapacity(min(count, 4096))
        for _ in 0..<count { elements.append(try body(&self)) }
        return elements
    }

    func finish() throws(WireError) {
        if buffer.readableBytes > 0 { throw .trailingBytes(buffer.readableBytes) }
    }
}

extension UInt8 {
    /// Ends or spoils a line of text: the control characters of US-ASCII, save the tab (RFC 5321 §4.2 allows it in replies).
    var isControl: Bool { (self < 0x20 && self != 0x09) || self == 0x7F }
}
