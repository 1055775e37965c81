import Glibc

/// The thread between a daemon and the `postern up` that started it: a socket, inherited as the descriptor that ``environmentName`` names.
///
/// The daemon says on it how it is (``SupervisorWord``). When it closes, the supervisor is gone, also by `kill -9`, and the daemon ends as on SIGTERM:
/// no orphan stays behind. A daemon started by anything else has no such descriptor and no watch.
public final class SupervisorWatch: Sendable {
    /// The environment variable that holds the number of the descriptor.
    public static let environmentName = "POSTERN_SUPERVISOR_FD"

    private let descriptor: Int32

    /// The watch on the descriptor that the environment names; nil where it names none, or one that is not open.
    ///
    /// The variable is taken out of the environment: what this process starts is not supervised. Before other threads use the environment.
    ///
    /// - Parameter onLoss: called once, on a thread of its own, when the supervisor is gone.
    public static func fromEnvironment(onLoss: @escaping @Sendable () -> Void) -> SupervisorWatch? {
        guard let text = getenv(environmentName) else { return nil }
        defer { unsetenv(environmentName) }
        guard let descriptor = Int32(String(cString: text)), descriptor > 2 else { return nil }
        return SupervisorWatch(descriptor: descriptor, onLoss: onLoss)
    }

    /// - Parameter descriptor: a stream socket that stays open as long as this process. Nil unless it is open,
    ///   and where the system gives no thread.
    public init?(descriptor: Int32, onLoss: @escaping @Sendable () -> Void) {
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
        self.descriptor = descriptor
        let started = DetachedThread.start {
            var octets: (UInt64, UInt64) = (0, 0)
            while true {
                let count = withUnsafeMutableBytes(of: &octets) { read(descriptor, $0.baseAddress, $0.count) }
                // The supervisor says nothing on this socket; it may only end.
                guard count > 0 || (count < 0 && errno == EINTR) else { break }
            }
            onLoss()
        }
        guard started else { return nil }
    }

    /// Tells the supervisor something. One that is gone is found by the read; one that does not read keeps what it had.
    public func say(_ word: SupervisorWord) {
        guard let octets = word.octets else { return }
        _ = send(descriptor, octets, octets.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
}
