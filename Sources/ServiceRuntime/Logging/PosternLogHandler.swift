import Logging

/// Writes each log event as one bounded line: JSON Lines, or readable text on a terminal.
///
/// Fields: `time` (RFC 3339, milliseconds), `level`, `process`, `message`, then the metadata by name. What concerns a message carries its
/// queue id as ``queueIDKey``.
public struct PosternLogHandler: LogHandler {
    /// The metadata key of a message's queue id.
    public static let queueIDKey = "queue_id"

    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let process: String
    private let format: LogFormat
    private let threshold: LogThreshold
    private let sink: LogSink
    private var ownLevel: Logger.Level?

    /// - Parameters:
    ///   - process: `edge`, `core`, …: who speaks.
    ///   - format: `automatic` looks once, here, whether the sink is a terminal.
    ///   - threshold: the level of every logger that was not given one of its own.
    public init(process: String, format: LogFormat, threshold: LogThreshold, sink: LogSink = .standardError) {
        self.process = process
        self.format = format.resolved(forDescriptor: sink.descriptor)
        self.threshold = threshold
        self.sink = sink
    }

    /// The logger's own level once it was set, the process's until then.
    public var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let record = LogRecord(
            time: .now(), level: event.level, process: process, message: event.message.description, metadata: merged(with: event))
        sink.write(record.line(format))
    }

    /// The event's metadata over the logger's over the task's.
    private func merged(with event: LogEvent) -> Logger.Metadata {
        var merged = metadata
        if let metadataProvider { merged.merge(metadataProvider.get()) { own, _ in own } }
        if let own = event.metadata {
            if merged.isEmpty { merged = own } else { merged.merge(own) { _, own in own } }
        }
        if let error = event.error, merged["error"] == nil { merged["error"] = .string(String(describing: error)) }
        return merged
    }
}
