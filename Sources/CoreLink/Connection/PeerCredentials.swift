import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// `struct ucred` of `<sys/socket.h>`, which the header shows only to GNU C (unix(7), SO_PEERCRED): who connected, as the listener asks, or
/// who called listen(2), as whoever connects does.
struct PeerCredentials: Sendable {
    var processID: Int32 = 0
    var userID: UInt32 = 0
    var groupID: UInt32 = 0

    /// As the kernel has them. On the channel's event loop.
    static func of(_ channel: any Channel) throws(LinkError) -> PeerCredentials {
        guard let provider = channel as? any SocketOptionProvider else { throw .refused("not a socket") }
        var result: Result<PeerCredentials, any Error> = .failure(LinkError.closed)
        // The option is read on the channel's own loop, so the future is complete when it is returned.
        let future: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(level: .init(SOL_SOCKET), name: .init(SO_PEERCRED))
        future.assumeIsolated().whenComplete { result = $0 }
        guard case .success(let credentials) = result else { throw .refused("the account of the peer is not known") }
        return credentials
    }

    /// The same of a socket without a channel; nil where the kernel does not tell.
    static func of(_ descriptor: Int32) -> PeerCredentials? {
        var credentials = PeerCredentials()
        var length = socklen_t(MemoryLayout<PeerCredentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        return credentials
    }
}
