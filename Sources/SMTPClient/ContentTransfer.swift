import NIOCore

/// The delivery under way on one connection: its promise, and how far its content has been given.
///
/// Confined to the connection's event loop.
final class ContentTransfer {
    /// Large buffers are given in pieces, so that back-pressure and the clock see them move.
    static let pieceSize = 64 * 1024

    enum State: Hashable {
        /// Not asked for yet.
        case waiting
        case sending
        /// The source has been asked, and has not answered.
        case awaitingChunk
        case ended
    }

    var state = State.waiting
    /// Whether a loop up the stack gives content already.
    var isPumping = false
    /// What is at hand: all that is left of a buffer, or of a source's last chunk.
    var atHand: ByteBuffer
    let source: (any ContentSource)?

    init(_ content: OutgoingContent) {
        switch content {
        case .buffer(let buffer): (atHand, source) = (buffer, nil)
        case .source(let source): (atHand, self.source) = (ByteBuffer(), source)
        }
    }

    /// The next piece of what is at hand; nil if nothing is.
    func nextPiece() -> ByteBuffer? {
        guard atHand.readableBytes > 0 else { return nil }
        return atHand.readSlice(length: min(atHand.readableBytes, Self.pieceSize))
    }
}
