import Glibc

/// How log lines are written: `logs.format` of the configuration.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `json` unless the descriptor is a terminal.
    case automatic = "auto"
    /// JSON Lines: one object per line.
    case json
    /// One readable line: time, level, process, message, `key=value`.
    case text

    /// `automatic` decided for a descriptor; the other two stay what they are.
    func resolved(forDescriptor descriptor: Int32) -> LogFormat {
        switch self {
        case .automatic: isatty(descriptor) == 1 ? .text : .json
        case .json, .text: self
        }
    }
}
