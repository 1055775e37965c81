import Glibc

/// What the outside asks of a process by a signal.
public enum ProcessSignal: Int32, Sendable, CaseIterable {
    /// SIGHUP: read the configuration again.
    case reload = 1
    /// SIGINT: Ctrl-C.
    case interrupt = 2
    /// SIGTERM.
    case terminate = 15
}
