import Topology

/// Something that a configuration file says wrongly, needlessly, or too early.
public struct Finding: Hashable, Sendable {
    public enum Severity: String, Hashable, Sendable, Comparable, CaseIterable {
        /// Nothing starts with it.
        case error
        /// It works, but hardly as meant.
        case warning
        /// It is understood and does nothing yet.
        case notice

        public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .error: 0
            case .warning: 1
            case .notice: 2
            }
        }
    }

    public let severity: Severity
    /// Line 0 where it concerns the file as a whole.
    public let location: SourceLocation
    /// Where in the tree of keys: `connectors.general.relay`, `virtual_servers.internet.listen[1]`; empty for the file as a whole.
    public let path: String
    /// What was found, in one sentence without an end mark.
    public let message: String
    /// What would be accepted instead.
    public let accepted: String?
    /// What would come of it, line by line: the dialogue by which a stranger relays (law 5). Mostly empty.
    public let example: [String]

    public init(
        _ severity: Severity, at location: SourceLocation, path: String, _ message: String, accepted: String? = nil, example: [String] = []
    ) {
        (self.severity, self.location) = (severity, location)
        // Keys and values of the file may hold anything.
        (self.path, self.message, self.accepted) = (
            Printable.escaped(path), Printable.escaped(message), accepted.map { Printable.escaped($0) }
        )
        self.example = example.map { Printable.escaped($0) }
    }
}

extension Finding: CustomStringConvertible {
    /// `file:line:column: error: <path>: <what> (accepted: …)`, in one line.
    public var description: String {
        let place = Printable.escaped(location.line == 0 ? location.file : location.description)
        let subject = path.isEmpty ? "" : "\(path): "
        let alternative = accepted.map { " (accepted: \($0))" } ?? ""
        return "\(place): \(severity.rawValue): \(subject)\(message)\(alternative)"
    }
}

extension Finding {
    /// The description, and the example below it, indented.
    public var text: String { ([description] + example.map { "    " + $0 }).joined(separator: "\n") }
}

extension Finding: Comparable {
    /// By position, then the graver first.
    public static func < (left: Finding, right: Finding) -> Bool {
        if left.location != right.location { return left.location < right.location }
        return (left.severity, left.path, left.message) < (right.severity, right.path, right.message)
    }
}
