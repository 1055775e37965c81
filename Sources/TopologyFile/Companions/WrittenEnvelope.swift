import MailVocabulary
import Topology

/// One recipient of one message as a person writes it: for `postern explain route`, its facts, and policy tests.
///
/// The names are those of the keys: `via, client, client_name, as, from, to, size, priority, system, at, down`.
public struct WrittenEnvelope: Hashable, Sendable {
    /// A moment of the week, in local time.
    public struct Moment: Hashable, Sendable {
        public let day: Weekday
        /// After midnight, 0 to 1439.
        public let minute: Int

        public init(day: Weekday, minute: Int) { (self.day, self.minute) = (day, minute) }
    }

    /// Where it is written.
    public let location: SourceLocation
    /// The virtual server that the mail comes in at.
    public let via: String
    public let client: IPAddress
    /// The host name that reverse DNS confirms.
    public let clientName: DomainName?
    /// Who is logged in.
    public let account: EmailAddress?
    public let reversePath: ReversePath
    public let recipient: EmailAddress
    /// Octets of the message; nil: not known.
    public let size: Int?
    public let priority: ContentRestrictions.Priority?
    /// Whether a program wrote the message (RFC 3834); nil: not known.
    public let isAutomatic: Bool?
    /// nil: now.
    public let moment: Moment?
    /// Connectors that are down.
    public let down: [String]

    /// - Parameters:
    ///   - value: a table whose shape was checked against `CompanionModel.envelope`; nil where that found something wrong.
    ///   - location: nil: the value's own.
    init?(_ value: Value, at location: SourceLocation? = nil, defaultDomain: DomainName) {
        func address(_ key: String) -> EmailAddress? {
            value[key]?.text.flatMap { Principals.address($0, defaultDomain: defaultDomain) }
        }
        guard let via = value["via"]?.text, let client = value["client"]?.text.flatMap({ IPAddress(parsing: $0) }),
            let from = value["from"]?.text, let recipient = address("to")
        else { return nil }
        (self.location, self.via, self.client, self.recipient) = (location ?? value.location, via, client, recipient)
        clientName = value["client_name"]?.text.flatMap { DomainName(parsing: $0) }
        account = address("as")
        reversePath = from == "<>" ? .null : address("from").map { .address($0) } ?? .null
        size = value["size"].size(default: nil)?.bytes
        priority = value["priority"]?.text.flatMap { ContentRestrictions.Priority(rawValue: $0) }
        isAutomatic = value["system"]?.boolean
        moment = value["at"]?.text.flatMap(Self.moment)
        down = value["down"].map { $0.text.map { [$0] } ?? $0.elements.compactMap(\.text) } ?? []
    }

    /// `Mon 03:00`; nil for anything else, also where it is more than one day.
    static func moment(_ text: String) -> Moment? {
        guard let moment = WeeklyTimes.moment(text), moment.days.count == 1, let day = moment.days.first,
            case .at(let minute) = moment.time
        else { return nil }
        return Moment(day: day, minute: minute)
    }
}

extension WrittenEnvelope {
    /// The envelope in two lines: `via internet, client 203.0.113.9`, `from <a@far.example> to anna@school.example`.
    public var lines: [String] {
        var session = ["via \(via)", "client \(client)" + (clientName.map { " (\($0))" } ?? "")]
        if let account { session.append("as \(account)") }
        var parts = ["from \(reversePath) to \(recipient)"]
        if let size { parts.append("\(size) octets") }
        if let priority { parts.append("\(priority.rawValue) priority") }
        if let isAutomatic { parts.append(isAutomatic ? "a system message" : "no system message") }
        if let moment {
            let (hour, minute) = moment.minute.quotientAndRemainder(dividingBy: 60)
            let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
            parts.append("\(names[moment.day.rawValue - 1]) \(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)")
        }
        if !down.isEmpty { parts.append("down: " + down.joined(separator: ", ")) }
        return [session.joined(separator: ", "), parts.joined(separator: ", ")]
    }
}
