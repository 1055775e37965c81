import Glibc

/// A blocking conversation over a Unix stream socket that ends at a deadline, however slowly the other side drips.
public struct UnixConversation {
    /// Why it broke off.
    public enum Failure: Error, Hashable, Sendable {
        case pathIsTooLong
        case timedOut
        /// The other side said less than was asked for.
        case closed
        /// The `errno` of a call.
        case system(Int32)

        /// For a person, in a few words.
        public var reason: String {
            switch self {
            case .pathIsTooLong: "the path is too long for a socket"
            case .timedOut: "no answer in time"
            case .closed: "it closed the connection without an answer"
            case .system(let code): String(cString: strerror(code))
            }
        }
    }

    /// Of the connected socket.
    public let descriptor: Int32
    private let deadline: ContinuousClock.Instant

    /// Connects. Whoever does is to call ``close()``.
    public init(path: String, deadline: ContinuousClock.Instant) throws(Failure) {
        self.deadline = deadline
        guard let address = UnixSocketAddress(path: path) else { throw .pathIsTooLong }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.systemFailure() }
        while true {
            if address.connect(descriptor) == 0 { return }
            // EAGAIN: the queue of connections to accept is full, and nothing tells when it no longer is.
            if errno == EAGAIN, ContinuousClock.now < deadline { usleep(10_000) } else if errno != EINTR { break }
        }
        let failure = errno == EAGAIN ? Failure.timedOut : Self.systemFailure()
        Glibc.close(descriptor)
        throw failure
    }

    public func close() { Glibc.close(descriptor) }

    public func send(_ octets: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < octets.count {
            try wait(for: POLLOUT)
            let count = octets.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 { sent += count } else if errno != EINTR, errno != EAGAIN { throw Self.systemFailure() }
        }
    }

    /// Exactly so many octets.
    public func receive(_ wanted: Int) throws(Failure) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: wanted)
        var received = 0
        while received < wanted {
            try wait(for: POLLIN)
            let count = octets.withUnsafeMutableBytes {
                Glibc.recv(descriptor, $0.baseAddress?.advanced(by: received), $0.count - received, 0)
            }
            if count == 0 { throw .closed }
            if count > 0 { received += count } else if errno != EINTR, errno != EAGAIN { throw Self.systemFailure() }
        }
        return octets
    }

    private func wait(for event: Int32) throws(Failure) {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw .timedOut }
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            let result = poll(&entry, 1, Int32(clamping: milliseconds))
            if result > 0 { return }
            if result < 0, errno != EINTR { throw Self.systemFailure() }
        }
    }

    private static func systemFailure() -> Failure { .system(errno) }
}
