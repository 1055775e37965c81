import NIOCore

/// How messages lie on the socket: a length of four octets (network order) that counts what follows, one octet that says
/// the kind, and the fields. `docs/corelink.md` lists every kind.
public enum Frame {
    /// The most that a length may announce. Content travels in chunks of at most `maximumContent`, and everything else
    /// is smaller, so a longer frame is never honest.
    public static let maximumLength = 1 << 18
    /// The most content in one frame, in octets.
    public static let maximumContent = 1 << 16
    /// The same for what a holder sends: after a restart it says in one frame all that it holds, up to 2,400 leases of up to
    /// 100 recipients each.
    public static let maximumPresentation = 1 << 20
    /// The same for the hello and the greeting.
    static let maximumHello = 1 << 12

    /// The most that a length of this peer's frames may announce.
    static func maximumLength<Message: LinkMessage>(of type: Message.Type) -> Int {
        ObjectIdentifier(type) == ObjectIdentifier(LeaseRequest.self) ? maximumPresentation : maximumLength
    }

    /// Appends one frame: length, kind, and what `body` writes.
    @inline(__always)
    static func append(kind: UInt8, to buffer: inout ByteBuffer, body: (inout WireWriter) -> Void) {
        let start = buffer.writerIndex
        buffer.writeInteger(UInt32(0))
        buffer.writeInteger(kind)
        var writer = WireWriter(buffer: buffer)
        // One reference at a time, or every field would copy the buffer.
        buffer = ByteBuffer()
        body(&writer)
        buffer = writer.buffer
        buffer.setInteger(UInt32(buffer.writerIndex - start - 4), at: start)
    }

    /// Takes one whole frame from the front of `buffer`, or returns nil where it is not complete yet; also what the fuzzer calls.
    public static func next(
        from buffer: inout ByteBuffer, maximumLength: Int = Frame.maximumLength
    ) throws(WireError) -> (kind: UInt8, body: ByteBuffer)? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        guard (1...maximumLength).contains(Int(length)) else { throw .frameLength(Int(length)) }
        guard buffer.readableBytes >= 4 + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        guard let kind = buffer.readInteger(as: UInt8.self), let body = buffer.readSlice(length: Int(length) - 1) else {
            throw .truncated
        }
        return (kind, body)
    }
}
