import Foundation
import Glibc

/// A Unix socket that speaks as saslauthd, and answers nobody before it is told to: then everybody, with NO.
final class FakeSaslauthd: @unchecked Sendable {
    // @unchecked: everything that changes is touched with `lock` held.
    let path: String
    private let descriptor: Int32
    private let lock = NSLock()
    private var waiting: [Int32] = []
    private var isReleased = false
    private var mostWaiting = 0

    init(in folder: TemporaryFolder) throws {
        path = folder.file("saslauthd").path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard bound == 0, listen(descriptor, 128) == 0 else { throw Program.Failed(description: String(cString: strerror(errno))) }
        Thread { [self] in
            while case let connection = accept(descriptor, nil, nil), connection >= 0 { accepted(connection) }
        }.start()
    }

    /// Logins that wait for an answer, at the most so far.
    var most: Int { lock.withLock { mostWaiting } }

    /// Logins that wait now.
    var count: Int { lock.withLock { waiting.count } }

    private func accepted(_ connection: Int32) {
        // The request comes whole: it is short, and written at once.
        var request = [UInt8](repeating: 0, count: 4096)
        _ = read(connection, &request, request.count)
        lock.withLock {
            if isReleased { return answer(connection) }
            waiting.append(connection)
            mostWaiting = max(mostWaiting, waiting.count)
        }
    }

    /// The protocol's answer: a length in two octets, and so many octets.
    private func answer(_ connection: Int32) {
        let no: [UInt8] = [0, 2] + Array("NO".utf8)
        _ = no.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        close(connection)
    }

    /// Answers those that wait, and from now on everybody at once.
    func release() {
        lock.withLock {
            isReleased = true
            for connection in waiting { answer(connection) }
            waiting = []
        }
    }

    func stop() {
        release()
        // Has accept(2) return.
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}
