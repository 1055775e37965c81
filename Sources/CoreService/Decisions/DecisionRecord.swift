import MailVocabulary
import Routing

/// How the recipients of a message were decided about when it came in: kept with it, so that it can be told while it waits.
///
/// Words, not values: another version of Postern can read them, and the rules they name may be gone by then. Bounded in octets; what a
/// sender can make longer is cut, and that is said.
struct DecisionRecord: Sendable {
    /// One recipient as it was written to.
    struct Entry: Hashable, Sendable {
        let recipient: String
        var steps: [TraceEntry] = []
    }

    /// Octets of the text, about: a message of some hundred recipients, or a group of some hundred members.
    static let maximumOctets = 64 * 1024

    private var begun: String
    private var file = ""
    private var isFull = false
    /// Traces that are as long as a group is large: their words are made when the text is read.
    private var long: [(recipient: EmailAddress, trace: DecisionTrace)] = []

    /// - Parameter revision: the configuration by which it is decided.
    init(revision: String) { begun = "\(Self.version)\t\(revision)" }

    /// - Parameter recipient: the address written to.
    mutating func add(_ recipient: EmailAddress, _ trace: DecisionTrace) {
        if trace.isLong { long.append((recipient, trace)) } else { write(recipient, trace) }
    }

    /// What is kept with the message; those whose traces are long come last. Takes time in proportion to its length.
    var text: String {
        var record = self
        for (recipient, trace) in long { record.write(recipient, trace) }
        return record.begun
    }

    private mutating func write(_ recipient: EmailAddress, _ trace: DecisionTrace) {
        guard !isFull else { return }
        line(">\(recipient)")
        for entry in trace.entries {
            guard begun.utf8.count < Self.maximumOctets else {
                isFull = true
                return line("\t\t\t… and more, which was not recorded")
            }
            // Nearly all steps name the same file.
            let known = entry.file ?? file
            line("\(entry.rule)\t\(known == file ? "" : known)\t\(entry.line.map(String.init) ?? "")\t\(entry.outcome)")
            file = known
        }
    }

    private mutating func line(_ line: String) {
        begun += "\n"
        // What it quotes has no line ends and tabs but by accident.
        if line.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            begun += line.replacing("\n", with: " ").replacing("\r", with: " ")
        } else {
            begun += line
        }
    }

    private static let version = "1"

    /// What was recorded; nil where it is of another version, or damaged.
    static func read(_ text: String) -> (revision: String, entries: [Entry])? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let head = lines[0].split(separator: "\t", omittingEmptySubsequences: false)
        guard head.count == 2, head[0] == Self.version else { return nil }
        var entries: [Entry] = []
        var file = ""
        for line in lines.dropFirst() {
            if line.first == ">" {
                entries.append(Entry(recipient: String(line.dropFirst())))
                continue
            }
            let fields = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count == 4, !entries.isEmpty else { return nil }
            if !fields[1].isEmpty { file = String(fields[1]) }
            let number = Int(fields[2])
            entries[entries.count - 1].steps.append(
                TraceEntry(rule: String(fields[0]), file: number == nil ? nil : file, line: number, outcome: String(fields[3])))
        }
        return (String(head[1]), entries)
    }
}
