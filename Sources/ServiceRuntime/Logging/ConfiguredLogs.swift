import Logging
import Topology

extension LogFormat {
    /// `logs.format`; without it text on a terminal, JSON otherwise.
    public init(_ format: LogSettings.Format?) {
        switch format {
        case nil: self = .automatic
        case .text: self = .text
        case .json: self = .json
        }
    }
}

extension Logger.Level {
    /// `logs.level`.
    public init(_ level: LogSettings.Level) {
        switch level {
        case .trace: self = .trace
        case .debug: self = .debug
        case .info: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        case .error: self = .error
        case .critical: self = .critical
        }
    }
}
