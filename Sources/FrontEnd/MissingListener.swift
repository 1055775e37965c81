import NIOCore
import ServiceRuntime
import Topology

#if canImport(Glibc)
    import Glibc
#endif

/// A listener of the configuration that cannot be bound at present: the others of its daemon listen all the same, and it is tried again.
struct MissingListener: Hashable, Sendable {
    /// What the system said.
    enum Cause: Hashable, Sendable {
        /// This machine has no IPv6, or no IPv4.
        case noSuchFamily
        /// Another process listens there.
        case taken
        /// The daemon's account may not: a port below 1024, once it is root no more.
        case notPermitted
        case other
    }

    let listener: Listener
    let cause: Cause
    /// In the system's words.
    let reason: String

    init(_ listener: Listener, _ error: any Error) {
        self.listener = listener
        reason = SystemReason.text(of: error)
        cause =
            switch (error as? IOError)?.errnoCode {
            case EAFNOSUPPORT, EPROTONOSUPPORT, EPFNOSUPPORT: .noSuchFamily
            case EADDRINUSE: .taken
            case EACCES, EPERM: .notPermitted
            default: .other
            }
    }

    /// For an administrator: what is not done, why, and what becomes of it.
    ///
    /// - Parameter executable: the daemon's.
    func sentence(of executable: String) -> String {
        let next = cause == .notPermitted ? "it listens there after a restart of \(executable)" : "it is tried again every 2 s"
        return "does not listen on \(listener.endpoint) (\(listener.location)): \(reason); \(next)"
    }
}

/// What came of an attempt to listen.
enum ListenAttempt: Sendable {
    case listens(any Channel)
    /// Bound to an address that this machine does not have: connections come as soon as it has it.
    case awaitsAddress(any Channel)
    case failed(any Error)
}
