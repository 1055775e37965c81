import NIOCore

/// What a client has sent and its session has not seen yet. Of commands the session is given a slice in a turn of the event loop, so that nobody's
/// pipeline keeps other connections waiting. A value.
///
/// Bounded by what is read at once: nothing more is read while something waits.
struct PacedInput {
    /// Octets of commands that are worked on in a turn: a whole transaction of a pipelining client, or some 80 of the shortest commands.
    static let commandSlice = 512

    private(set) var waiting = ByteBuffer()
    private var isEndWaiting = false

    var isEmpty: Bool { waiting.readableBytes == 0 }

    /// Few octets are copied: half a command must not hold the large buffer that it was read into, and that buffer serves for the next read.
    mutating func append(_ bytes: ByteBuffer) {
        var bytes = bytes
        if !isEmpty {
            waiting.writeBuffer(&bytes)
        } else if bytes.readableBytes <= Self.commandSlice {
            waiting = ByteBuffer(bytes: bytes.readableBytesView)
        } else {
            waiting = bytes
        }
    }

    /// The client says no more.
    ///
    /// - Returns: whether something is still to be worked on before that is true of the session.
    mutating func end() -> Bool {
        if !isEmpty { isEndWaiting = true }
        return isEndWaiting
    }

    /// The next commands for the session; nil where nothing waits.
    mutating func nextSlice() -> ByteBuffer? {
        isEmpty ? nil : waiting.readSlice(length: min(Self.commandSlice, waiting.readableBytes))
    }

    /// All of it has been given away, and the memory with it.
    mutating func clear() { waiting = ByteBuffer() }

    /// Whether the client's last word has been worked on; said once.
    mutating func reachedEnd() -> Bool {
        defer { isEndWaiting = false }
        return isEndWaiting
    }
}
