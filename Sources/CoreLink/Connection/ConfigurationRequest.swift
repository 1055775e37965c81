import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Asks the core for the text of the configuration that it runs with: what a daemon starts with and reloads, so that there is one source of
/// truth while the core runs.
///
/// Blocks the calling thread, at most for ``deadline``: a daemon asks before it has an event loop.
public enum ConfigurationRequest {
    /// For connecting and the whole answer together.
    public static let deadline = Duration.seconds(5)
    /// As long as a configuration file may be: 1 MiB.
    public static let maximumOctets = 1 << 20

    /// - Parameters:
    ///   - address: of the role's socket.
    ///   - role: whose socket that is.
    /// - Throws: ``LinkError``, where nobody listens there, or does not answer as the core does.
    public static func text(at address: LinkAddress, as role: RoleName, within deadline: Duration = deadline) throws(LinkError) -> [UInt8] {
        let line = try BlockingLine(to: address, until: .now + deadline)
        var question = ByteBuffer()
        ConfigurationQuestion(role: role).write(into: &question)
        try line.write(question)
        var received = ByteBuffer()
        let head: ConfigurationHead = try message(of: line, &received)
        guard head.version == Hello.protocolVersion else { throw .versionMismatch(own: Hello.protocolVersion, peer: head.version) }
        if let refusal = head.refusal { throw .refused(refusal) }
        guard head.octets <= maximumOctets else { throw .malformed(.frameLength(Int(head.octets))) }
        var text: [UInt8] = []
        while text.count < Int(head.octets) {
            let piece: ConfigurationPiece = try message(of: line, &received)
            guard piece.octets.readableBytes > 0, text.count + piece.octets.readableBytes <= Int(head.octets) else {
                throw .malformed(.invalid("piece of a configuration"))
            }
            text += piece.octets.readableBytesView
        }
        return text
    }

    private static func message<Message: LinkMessage>(of line: BlockingLine, _ received: inout ByteBuffer) throws(LinkError) -> Message {
        while true {
            do throws(WireError) {
                if let (kind, body) = try Frame.next(from: &received) { return try Message.read(kind: kind, body: body) }
            } catch {
                throw .malformed(error)
            }
            received.discardReadBytes()
            try line.read(into: &received)
        }
    }
}

/// A connected Unix stream socket whose calls wait, each only until one moment.
private final class BlockingLine {
    private let descriptor: Int32
    private let end: ContinuousClock.Instant

    init(to address: LinkAddress, until end: ContinuousClock.Instant) throws(LinkError) {
        self.end = end
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure() }
        try connect(to: address)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private func connect(to address: LinkAddress) throws(LinkError) {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let path = Array(address.path.utf8)
        guard path.count < MemoryLayout.size(ofValue: name.sun_path) else { throw .unreachable(String(cString: strerror(ENAMETOOLONG))) }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path) }
        while true {
            let result = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { break }
            // EAGAIN: the queue of connections is full, and nothing tells when it is not (connect(2)).
            guard errno == EINTR || errno == EAGAIN else { throw Self.failure() }
            guard ContinuousClock.now < end else { throw .timedOut }
            usleep(10_000)
        }
        guard let listeners = address.listeners else { return }
        guard let listener = PeerCredentials.of(descriptor)?.userID else { throw .refused("the account of the peer is not known") }
        guard listeners.contains(listener) else { throw .impostor(userID: listener) }
    }

    func write(_ bytes: ByteBuffer) throws(LinkError) {
        var rest = Array(bytes.readableBytesView)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 { rest = rest.dropFirst(count) } else { try wait(for: Int16(POLLOUT)) }
        }
    }

    /// Reads what is there, once something is.
    func read(into buffer: inout ByteBuffer) throws(LinkError) {
        var octets = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &octets, octets.count)
            if count > 0 {
                buffer.writeBytes(octets[..<count])
                return
            }
            guard count < 0 else { throw .closed }
            try wait(for: Int16(POLLIN), after: errno)
        }
    }

    private func wait(for events: Int16, after code: Int32 = errno) throws(LinkError) {
        guard code == EAGAIN || code == EINTR else { throw Self.failure(code) }
        let left = end - .now
        guard left > .zero else { throw .timedOut }
        var wanted = pollfd(fd: descriptor, events: events, revents: 0)
        _ = poll(&wanted, 1, Int32(clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1))
    }

    private static func failure(_ code: Int32 = errno) -> LinkError { .unreachable(String(cString: strerror(code))) }
}
