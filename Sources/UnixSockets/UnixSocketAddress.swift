import Glibc

/// The address of a Unix socket that has a file (unix(7)).
public struct UnixSocketAddress {
    private var address = sockaddr_un()

    /// - Parameter path: at most 107 octets; nil for a longer one, and for one with a NUL.
    public init?(path: String) {
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        guard octets.count < MemoryLayout.size(ofValue: address.sun_path), !octets.contains(0) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
    }

    /// connect(2) with a stream socket.
    ///
    /// - Returns: what the call returns; -1 with `errno` set.
    public func connect(_ descriptor: Int32) -> Int32 {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
