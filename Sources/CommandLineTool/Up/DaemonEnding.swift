import Glibc
import ServiceRuntime

/// How a daemon ended.
enum DaemonEnding: Hashable, Sendable {
    case exited(status: Int32)
    case signalled(Int32)
    /// It could not even be started.
    case notStarted(errno: Int32)

    /// - Parameter status: what waitpid(2) gives for a process that ended.
    init(waitStatus status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited(status: status >> 8 & 0xFF) : .signalled(signal)
    }

    /// What it ended with where it said that it cannot do its work: the configuration is wrong, the system refuses something, or the state
    /// cannot be read.
    var refusal: ExitStatus? {
        let refusals: [ExitStatus] = [.configuration, .osError, .inputOutput]
        return refusals.first { self == .exited(status: $0.rawValue) }
    }
}

extension DaemonEnding: CustomStringConvertible {
    var description: String {
        switch self {
        case .exited(0): "ended by itself"
        case .exited(let status): "ended with status \(status)"
        case .signalled(let signal): "was ended by \(Self.name(of: signal))"
        case .notStarted(let code): "could not be started (\(String(cString: strerror(code))))"
        }
    }

    private static func name(of signal: Int32) -> String {
        switch signal {
        case SIGHUP: "SIGHUP"
        case SIGINT: "SIGINT"
        case SIGILL: "SIGILL"
        case SIGTRAP: "SIGTRAP"
        case SIGABRT: "SIGABRT"
        case SIGBUS: "SIGBUS"
        case SIGKILL: "SIGKILL"
        case SIGSEGV: "SIGSEGV"
        case SIGPIPE: "SIGPIPE"
        case SIGTERM: "SIGTERM"
        default: "signal \(signal)"
        }
    }
}
