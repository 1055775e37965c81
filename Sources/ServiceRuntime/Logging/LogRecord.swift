import Logging

/// What one log line says, before it has a format.
struct LogRecord {
    var time: LogTime
    var level: Logger.Level
    var process: String
    var message: String
    var metadata: Logger.Metadata

    /// The line in a format, with its line end.
    func line(_ format: LogFormat) -> LogLine {
        switch format {
        case .text: textLine()
        case .json, .automatic: jsonLine()
        }
    }

    var sortedMetadata: [(key: String, value: Logger.Metadata.Value)] {
        metadata.count < 2 ? Array(metadata) : metadata.sorted { $0.key < $1.key }
    }
}
