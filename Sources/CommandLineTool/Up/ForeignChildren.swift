import Dispatch
import Glibc

/// Processes without a parent are given to the first process of their namespace, which in a container is `postern up`: those that end stay in
/// the table of processes until it collects them.
enum ForeignChildren {
    /// Calls back each second where this process is the first of its namespace; nil where it is not.
    static func timer(_ look: @escaping @Sendable () -> Void) -> (any DispatchSourceTimer)? {
        guard getpid() == 1 else { return nil }
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + .seconds(1), repeating: .seconds(1))
        timer.setEventHandler { look() }
        timer.resume()
        return timer
    }

    /// Collects those that have ended.
    ///
    /// - Parameter own: processes that somebody else collects. One of these that has ended hides those behind it until then.
    static func collect(keeping own: Set<Int32>) {
        while true {
            var information = siginfo_t()
            guard waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
            let processID = information._sifields._sigchld.si_pid
            guard processID > 0, !own.contains(processID) else { return }
            var status: Int32 = 0
            guard waitpid(processID, &status, WNOHANG) == processID else { return }
        }
    }
}
