import NIOCore

/// The content of leased work as it comes from the core, chunk by chunk. Confined to its event loop.
///
/// Back-pressure: beyond a few chunks that nobody has asked for, the connection is not read.
public final class LeasedContentStream {
    /// The content cannot be had: the core could not read it, sent less or more than it announced, or went away.
    public struct Unavailable: Error {}

    private weak var connection: LinkChannel<LeaseResponse, LeaseRequest>?
    private let eventLoop: any EventLoop
    private var chunks: CircularBuffer<ByteBuffer> = []
    private var promise: EventLoopPromise<ByteBuffer?>?
    private var hasEnded = false
    private var hasFailed = false
    private var isCancelled = false
    static var mostChunks: Int { 4 }

    init(connection: LinkChannel<LeaseResponse, LeaseRequest>?, eventLoop: any EventLoop) {
        (self.connection, self.eventLoop) = (connection, eventLoop)
    }

    deinit { promise?.fail(Unavailable()) }

    /// The next chunk, or nil at the end. One request at a time; a second one fails.
    public func next() -> EventLoopFuture<ByteBuffer?> {
        if isCancelled || promise != nil { return eventLoop.makeFailedFuture(Unavailable()) }
        if let chunk = chunks.popFirst() {
            if chunks.count < Self.mostChunks { connection?.resumeReading() }
            return eventLoop.makeSucceededFuture(chunk)
        }
        if hasFailed { return eventLoop.makeFailedFuture(Unavailable()) }
        if hasEnded { return eventLoop.makeSucceededFuture(nil) }
        let promise = eventLoop.makePromise(of: ByteBuffer?.self)
        self.promise = promise
        connection?.resumeReading()
        return promise.futureResult
    }

    func received(_ chunk: ByteBuffer) {
        if isCancelled { return }
        if let promise {
            self.promise = nil
            promise.succeed(chunk)
        } else {
            chunks.append(chunk)
            if chunks.count >= Self.mostChunks { connection?.pauseReading() }
        }
    }

    func finished() {
        hasEnded = true
        answer { $0.succeed(nil) }
    }

    func failed() {
        if !hasEnded { hasFailed = true }
        answer { $0.fail(Unavailable()) }
    }

    /// Nobody reads on; what still comes is dropped. A chunk asked for later is never taken for the end.
    func cancel() {
        isCancelled = true
        chunks.removeAll()
        failed()
        connection?.resumeReading()
    }

    /// The promise is gone before its callbacks run: they may ask for the next chunk.
    private func answer(_ body: (EventLoopPromise<ByteBuffer?>) -> Void) {
        guard let promise else { return }
        self.promise = nil
        body(promise)
    }
}
