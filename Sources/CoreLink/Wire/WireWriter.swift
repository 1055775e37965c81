import NIOCore

/// Writes the fields of one frame. Integers are in network order; text is UTF-8 behind a length of four octets.
public struct WireWriter {
    var buffer: ByteBuffer

    @inline(__always)
    public mutating func write<Value: FixedWidthInteger>(_ value: Value) { buffer.writeInteger(value) }
    public mutating func write(_ value: Bool) { buffer.writeInteger(value ? UInt8(1) : 0) }

    public mutating func write(_ text: String) {
        let lengthIndex = buffer.writerIndex
        buffer.writeInteger(UInt32(0))
        let count = buffer.writeString(text)
        buffer.setInteger(UInt32(count), at: lengthIndex)
    }

    /// The same text without what `WireReader.line` refuses: words of a remote server must not cost the connection that carries them.
    public mutating func write(line text: String) {
        guard text.utf8.contains(where: \.isControl) else { return write(text) }
        write(String(decoding: text.utf8.map { $0.isControl ? UInt8(ascii: "?") : $0 }, as: UTF8.self))
    }

    public mutating func write(_ bytes: ByteBuffer) {
        buffer.writeInteger(UInt32(bytes.readableBytes))
        buffer.writeImmutableBuffer(bytes)
    }

    /// Present or absent, then the value.
    public mutating func write<Value>(optional value: Value?, _ body: (inout WireWriter, Value) -> Void) {
        write(value != nil)
        if let value { body(&self, value) }
    }

    public mutating func write<Element>(array: some Collection<Element>, _ body: (inout WireWriter, Element) -> Void) {
        write(UInt32(array.count))
        for element in array { body(&self, element) }
    }
}
