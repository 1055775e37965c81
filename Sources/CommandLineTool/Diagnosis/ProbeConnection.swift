import Glibc
import MailVocabulary
import NIOCore
import ServiceRuntime
import TransportSecurity

/// One SMTP dialogue for `postern probe`: step after step, each with a deadline. Blocks; for a command that does nothing else meanwhile.
final class ProbeConnection {
    /// Why a step came to nothing.
    struct Failure: Error {
        let reason: String
    }

    /// A reply, as it came: its lines without their ends.
    struct Answer {
        let code: Int
        let lines: [String]
        var text: String { lines.joined(separator: " / ") }
        var isPositive: Bool { (200..<400).contains(code) }
    }

    /// Octets of a reply; a server that says more is not listened to.
    private static let longestReply = 64 * 1024

    private let descriptor: Int32
    private let timeout: Duration
    private var engine: TLSEngine?
    private var received: [UInt8] = []

    /// Connects.
    ///
    /// - Parameter timeout: for this and for each later step.
    init(to address: IPAddress, port: UInt16, timeout: Duration) throws(Failure) {
        self.timeout = timeout
        let family = address.family == .ipv4 ? AF_INET : AF_INET6
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(reason: Self.reason(errno)) }
        let result: Int32
        if address.family == .ipv4 {
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &place.sin_addr) { $0.copyBytes(from: address.octets) }
            result = withUnsafePointer(to: &place) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        } else {
            var place = sockaddr_in6()
            place.sin6_family = sa_family_t(AF_INET6)
            place.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &place.sin6_addr) { $0.copyBytes(from: address.octets) }
            result = withUnsafePointer(to: &place) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
            }
        }
        if result == 0 { return }
        guard errno == EINPROGRESS else { throw Failure(reason: Self.reason(errno)) }
        try wait(for: Int16(POLLOUT), until: .now + timeout)
        var (error, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        if error != 0 { throw Failure(reason: Self.reason(error)) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(Failure) {
        while true {
            let left = (deadline - .now).inSeconds
            guard left > 0 else { throw Failure(reason: "no answer within \(Int(timeout.inSeconds)) s") }
            var place = pollfd(fd: descriptor, events: events, revents: 0)
            let count = poll(&place, 1, Int32(left * 1000) + 1)
            if count > 0 { return }
            if count < 0, errno != EINTR { throw Failure(reason: Self.reason(errno)) }
        }
    }

    // MARK: Octets

    private func write(_ octets: [UInt8], until deadline: ContinuousClock.Instant) throws(Failure) {
        guard let engine else { return try writeRaw(octets, until: deadline) }
        do throws(TLSError) {
            var failure: TLSError?
            octets.withUnsafeBytes { bytes in
                do throws(TLSError) { try engine.write(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
        } catch {
            throw Failure(reason: "\(error)")
        }
        try flush(engine, until: deadline)
    }

    private func flush(_ engine: TLSEngine, until deadline: ContinuousClock.Instant) throws(Failure) {
        while let output = engine.takeOutput() { try writeRaw(Array(output.readableBytesView), until: deadline) }
    }

    private func writeRaw(_ octets: [UInt8], until deadline: ContinuousClock.Instant) throws(Failure) {
        var rest = octets[...]
        while !rest.isEmpty {
            // A peer that is gone is an error of send(2), and no signal.
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT), until: deadline)
            } else if errno != EINTR {
                throw Failure(reason: Self.reason(errno))
            }
        }
    }

    private func readRaw(until deadline: ContinuousClock.Instant) throws(Failure) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 { return Array(buffer[..<count]) }
            if count == 0 { throw Failure(reason: "the connection was closed") }
            if errno == EAGAIN {
                try wait(for: Int16(POLLIN), until: deadline)
            } else if errno != EINTR {
                throw Failure(reason: Self.reason(errno))
            }
        }
    }

    private func read(until deadline: ContinuousClock.Instant) throws(Failure) {
        let raw = try readRaw(until: deadline)
        guard let engine else {
            received += raw
            return
        }
        engine.receive(ByteBuffer(bytes: raw))
        var plain = ByteBuffer()
        do throws(TLSError) {
            if try engine.read(into: &plain) == .closeNotify, plain.readableBytes == 0 {
                throw TLSError.sessionFailed(reason: "the connection was closed")
            }
        } catch {
            throw Failure(reason: "\(error)")
        }
        received += plain.readableBytesView
        try flush(engine, until: deadline)
    }

    // MARK: The dialogue

    /// Waits for a reply (RFC 5321 §4.2).
    func answer() throws(Failure) -> Answer {
        let deadline = ContinuousClock.now + timeout
        var lines: [String] = []
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                var line = received[..<end]
                received.removeSubrange(...end)
                if line.last == 0x0D { line.removeLast() }
                let text = String(decoding: line, as: UTF8.self)
                guard text.utf8.count >= 3, let code = Int(text.prefix(3)), (200..<600).contains(code) else {
                    throw Failure(reason: "this is no SMTP reply: \(Self.printable(text))")
                }
                lines.append(Self.printable(text))
                if text.dropFirst(3).first != "-" { return Answer(code: code, lines: lines) }
                guard lines.count < 100 else { throw Failure(reason: "a reply of more than 100 lines") }
                continue
            }
            guard received.count < Self.longestReply else { throw Failure(reason: "a line without an end") }
            try read(until: deadline)
        }
    }

    func say(_ command: String) throws(Failure) -> Answer {
        try write(Array("\(command)\r\n".utf8), until: .now + timeout)
        return try answer()
    }

    /// TLS from here on; what the certificate is worth is part of the result and no error.
    func startTLS(_ context: ClientContext, peer: PeerReference) throws(Failure) -> TLSHandshake {
        let deadline = ContinuousClock.now + timeout
        // What came in clear behind the reply is not TLS (RFC 3207 §4.2).
        received = []
        do {
            let engine = try TLSEngine(client: context, peer: peer)
            while true {
                let handshake = try engine.handshake()
                try flush(engine, until: deadline)
                if let handshake {
                    self.engine = engine
                    return handshake
                }
                engine.receive(ByteBuffer(bytes: try readRaw(until: deadline)))
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(reason: "\(error)")
        }
    }

    /// For a terminal: no control characters, and no more than a screen line or two.
    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(300).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }
}
