import Glibc

/// How log lines are written: `logs.format` of the configuration.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `json` unless a person reads the lines on a terminal.
    case automatic = "auto"
    /// JSON Lines: one object per line.
    case json
    /// One readable line: time, level, process, message, `key=value`.
    case text

    /// In the environment of a daemon whose lines `postern up` shows on a terminal, though the daemon itself has none.
    public static let terminalVariable = "POSTERN_LOG_TERMINAL"

    /// `automatic` decided for a descriptor; the other two stay what they are.
    func resolved(forDescriptor descriptor: Int32) -> LogFormat {
        switch self {
        case .automatic: isatty(descriptor) == 1 || getenv(Self.terminalVariable) != nil ? .text : .json
        case .json, .text: self
        }
    }
}
