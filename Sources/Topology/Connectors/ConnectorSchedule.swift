import MailVocabulary

/// When a connector carries mail (E14). A closed schedule holds mail; it does not reroute it.
public struct ConnectorSchedule: Hashable, Sendable {
    public enum Times: Hashable, Sendable {
        case always
        case never
        case at([WeeklyWindow])
    }

    /// Another schedule for large messages.
    public struct Oversize: Hashable, Sendable {
        /// Larger messages go by `times`.
        public let over: ByteCount
        public let times: Times

        public init(over: ByteCount, times: Times) { (self.over, self.times) = (over, times) }
    }

    public let times: Times
    public let oversize: Oversize?
    public let location: SourceLocation

    public init(times: Times = .always, oversize: Oversize? = nil, location: SourceLocation = .builtIn) {
        (self.times, self.oversize, self.location) = (times, oversize, location)
    }

    public static let always = ConnectorSchedule()
}
