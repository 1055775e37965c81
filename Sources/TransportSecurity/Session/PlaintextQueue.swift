import NIOCore

/// Octets that wait to become records, with the promises of their writes.
struct PlaintextQueue {
    private(set) var octets = ByteBuffer()
    private var promise: EventLoopPromise<Void>?

    var isEmpty: Bool { octets.readableBytes == 0 && promise == nil }

    mutating func append(_ more: ByteBuffer, promise another: EventLoopPromise<Void>?) {
        if octets.readableBytes == 0 { octets = more } else { octets.writeImmutableBuffer(more) }
        guard let another else { return }
        // They all go out in one write: what becomes of the first becomes of each.
        if let promise { promise.futureResult.cascade(to: another) } else { promise = another }
    }

    /// Everything, once.
    mutating func take() -> (ByteBuffer, EventLoopPromise<Void>?) {
        defer { (octets, promise) = (ByteBuffer(), nil) }
        return (octets, promise)
    }
}
