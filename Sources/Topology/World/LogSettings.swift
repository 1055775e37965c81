/// What is logged, and how (`logs`, E21).
public struct LogSettings: Hashable, Sendable {
    /// The least severe level that is written.
    public enum Level: String, Hashable, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    public enum Format: String, Hashable, Sendable, CaseIterable {
        case text, json
    }

    /// A log of the dialogues, apart from the process log.
    public struct ProtocolLog: Hashable, Sendable {
        public enum Format: String, Hashable, Sendable, CaseIterable {
            case w3c, ncsa, json
        }

        public let format: Format
        /// Absolute.
        public let directory: String

        public init(format: Format = .w3c, directory: String) { (self.format, self.directory) = (format, directory) }
    }

    public let level: Level
    /// nil: text on a terminal, JSON otherwise.
    public let format: Format?
    /// nil: none is kept.
    public let protocolLog: ProtocolLog?

    public init(level: Level = .info, format: Format? = nil, protocolLog: ProtocolLog? = nil) {
        (self.level, self.format, self.protocolLog) = (level, format, protocolLog)
    }
}
