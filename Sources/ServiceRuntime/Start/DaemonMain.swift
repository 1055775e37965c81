import ArgumentParser
import Dispatch
import Synchronization
import Topology

/// The `main` of a daemon.
///
/// Deliberately not an asynchronous one: that ends the main thread half-way, so that glibc no longer changes its account with those of the
/// others (to the kernel setuid(2) is a matter of each thread), and a thread of root would stay behind. Here the main thread waits, and
/// becomes the account with all the others.
public protocol DaemonMain: ParsableCommand {
    static var role: DaemonRole { get }
    var arguments: DaemonArguments { get }
    /// Runs until the daemon is asked to end.
    static func serve(_ daemon: Daemon) async -> ExitStatus
}

extension DaemonMain {
    public func run() throws {
        let daemon = Daemon.begin(Self.role, configurationPath: arguments.config)
        let end = DaemonEnd()
        Task.detached { end.came(await Self.serve(daemon)) }
        throw ExitCode(end.wait().rawValue)
    }
}

public typealias DaemonRole = Role

/// Hands the end of the service over to the thread that waits for it.
private final class DaemonEnd: Sendable {
    private let status = Mutex(ExitStatus.success)
    private let hasCome = DispatchSemaphore(value: 0)

    func came(_ status: ExitStatus) {
        self.status.withLock { $0 = status }
        hasCome.signal()
    }

    func wait() -> ExitStatus {
        hasCome.wait()
        return status.withLock { $0 }
    }
}
