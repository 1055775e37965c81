import Glibc

/// Remembers a SIGHUP that comes before ``DaemonLifecycle`` has taken over the signals: it would end the process otherwise.
///
/// A signal handler may do little more than set a number of this type (C11 §7.14.1.1), which is read after it was replaced.
enum EarlyReload {
    private nonisolated(unsafe) static var asked: sig_atomic_t = 0

    static func watch() {
        // Before the handler runs: its first access must not be one that initializes.
        asked = 0
        signal(SIGHUP) { _ in EarlyReload.asked = 1 }
    }

    static var wasAsked: Bool { asked != 0 }
}
