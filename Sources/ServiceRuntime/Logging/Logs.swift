import Logging

/// The logs of this process.
public struct Logs: Sendable {
    /// The level of all loggers; a reload sets it.
    public let threshold: LogThreshold

    /// Makes every `Logger` of this process write through ``PosternLogHandler``. Once per process, before the first logger is made.
    ///
    /// - Parameters:
    ///   - process: the name in the field `process`.
    ///   - format: `logs.format`.
    ///   - level: `logs.level`.
    public static func start(process: String, format: LogFormat = .automatic, level: Logger.Level = .info) -> Logs {
        let threshold = LogThreshold(level)
        LoggingSystem.bootstrap { _ in PosternLogHandler(process: process, format: format, threshold: threshold) }
        return Logs(threshold: threshold)
    }
}
