import NIOCore

/// Content that is pulled piece by piece, as fast as the remote server takes it.
public protocol ContentSource: AnyObject {
    /// The next octets (at best 16 to 64 KiB), or nil after the last. Asked on the connection's event loop, never before the
    /// previous answer came, and never again once the delivery has its result.
    ///
    /// - Returns: a future of the connection's own event loop; an error fails the delivery as transient, and the connection.
    func nextChunk() -> EventLoopFuture<ByteBuffer?>
}

/// The content of one message.
public enum OutgoingContent {
    /// All of it.
    case buffer(ByteBuffer)
    /// Pulled with back-pressure.
    case source(any ContentSource)
}
