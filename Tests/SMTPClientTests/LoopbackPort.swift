import Foundation
import Synchronization

/// A port of 127.0.0.1 that is taken, and on which nobody listens.
final class LoopbackPort {
    let number: Int
    private let descriptor: Int32

    init(_ wanted: Int = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(wanted).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else {
            close(descriptor)
            throw POSIXError(.EADDRINUSE)
        }
    }

    deinit { close(descriptor) }

    // Below the range from which the kernel takes ports for those who do not care: no other test is given one of these between our look
    // and the program's start.
    private static let next = Mutex(20_000 + Int(getpid()) * 37 % 9_000)

    /// A free port for a program that is told where to listen; each once per process.
    static func forAProgram() throws -> Int {
        for _ in 0..<2000 {
            let port = next.withLock { next in
                next = next >= 29_999 ? 20_000 : next + 1
                return next
            }
            if let free = try? LoopbackPort(port) { return free.number }  // Taken: the next one.
        }
        throw POSIXError(.EADDRINUSE)
    }
}
