import Glibc
import Synchronization

/// The listening sockets that this process was started with, as systemd hands them over (sd_listen_fds(3)).
///
/// Whoever made them keeps them open: while a daemon restarts, connections wait in their queues, and none is refused. Each is used for the
/// address of the configuration that it listens on; those that are left over are an error, since clients would wait there for ever.
public final class InheritedSockets: Sendable {
    /// No process is handed more than this.
    static let most = 256
    /// The first descriptor that is handed over (`SD_LISTEN_FDS_START`).
    static let first: Int32 = 3

    private let sockets: Mutex<[InheritedSocket]>

    init(_ sockets: [InheritedSocket]) { self.sockets = Mutex(sockets) }

    /// What `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` say, if they are meant for this process.
    ///
    /// The variables are taken out of the environment. Before other threads use the environment.
    ///
    /// - Throws: ``InheritedSocketError``
    static func fromEnvironment() throws(InheritedSocketError) -> InheritedSockets {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        // A parent's variables are not its children's.
        guard let process = variable("LISTEN_PID"), Int32(process) == getpid(), let text = variable("LISTEN_FDS") else {
            return InheritedSockets([])
        }
        guard let count = Int(text), count >= 0, count <= most else {
            throw .malformed("LISTEN_FDS is `\(text)`, and not a number from 0 to \(most)")
        }
        var names = variable("LISTEN_FDNAMES")?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
        if names.isEmpty { names = [String](repeating: "", count: count) }
        guard names.count == count || count == 0 else {
            throw .malformed("LISTEN_FDNAMES has \(names.count) names for \(count) sockets")
        }
        var sockets: [InheritedSocket] = []
        for index in 0..<count {
            sockets.append(try InheritedSocket(descriptor: first + Int32(index), name: names[index]))
        }
        return InheritedSockets(sockets)
    }

    /// Whether there is one for an address.
    public func contains(_ address: InheritedSocket.Address) -> Bool {
        sockets.withLock { $0.contains { $0.address == address } }
    }

    /// Takes the socket that listens on an address; nil where there is none.
    ///
    /// - Parameter name: what uses it: a virtual server, or the socket's file name. A socket that is named must be named like that.
    /// - Throws: ``InheritedSocketError/otherName(socket:expected:)``
    public func claim(_ address: InheritedSocket.Address, for name: String) throws(InheritedSocketError) -> InheritedSocket? {
        let socket = sockets.withLock { sockets -> InheritedSocket? in
            guard let index = sockets.firstIndex(where: { $0.address == address }) else { return nil }
            return sockets.remove(at: index)
        }
        guard let socket else { return nil }
        guard socket.name == nil || socket.name == name else { throw .otherName(socket: "\(socket)", expected: name) }
        return socket
    }

    /// Every listener of the configuration has claimed its own.
    ///
    /// - Throws: ``InheritedSocketError/unwanted(_:)``, where some are left.
    public func expectNoneLeft() throws(InheritedSocketError) {
        let left = sockets.withLock { $0 }
        guard left.isEmpty else { throw .unwanted(left.map(\.description)) }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
