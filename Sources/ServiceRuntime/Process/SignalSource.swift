import Dispatch
import Glibc

/// Receives SIGTERM, SIGINT and SIGHUP as ordinary calls on a queue of its own, instead of on whatever thread the kernel chose.
///
/// One per process. From its creation on SIGPIPE is ignored (a closed socket is an error of the write), and SIGTTOU (a daemon in a process group
/// of its own may write to the terminal). Programs started later inherit both, and possibly a mask that blocks the three: reset them at the spawn.
public final class SignalSource: Sendable {
    // DispatchSourceSignal is safe to use from any thread; only the protocol lacks the annotation.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// Returns when the signals are taken over: one that arrives after that is not missed.
    ///
    /// - Parameter receive: called for each signal that arrived, one at a time. Signals of one kind that arrive together count once.
    public init(receive: @escaping @Sendable (ProcessSignal) -> Void) {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGTTOU, SIG_IGN)
        let queue = DispatchQueue(label: "signals")
        let registrations = DispatchGroup()
        sources = ProcessSignal.allCases.map { kind in
            // Dispatch reads a signalfd and installs a handler of its own that leads there; SIG_IGN would make the kernel drop the signal first.
            let source = DispatchSource.makeSignalSource(signal: kind.rawValue, queue: queue)
            source.setEventHandler { receive(kind) }
            registrations.enter()
            source.setRegistrationHandler { registrations.leave() }
            source.resume()
            return source
        }
        registrations.wait()
    }

    /// No call comes after this one returns, but for one that is under way. From then on the signals have no effect.
    public func cancel() {
        for source in sources { source.cancel() }
        for kind in ProcessSignal.allCases { signal(kind.rawValue, SIG_IGN) }
    }
}
