import Topology

/// A step of a trace as data: what `--json` shows, and what is stored with a refusal.
public struct TraceEntry: Hashable, Sendable, Codable {
    /// The rule of "The decision, exactly": `2b`.
    public let rule: String
    /// The file of the configuration as it was named when it was read; nil where nothing in it is the reason.
    public let file: String?
    /// Counted from 1.
    public let line: Int?
    /// What was found, and the reply where it refuses.
    public let outcome: String

    public init(rule: String, file: String?, line: Int?, outcome: String) {
        (self.rule, self.file, self.line, self.outcome) = (rule, file, line, outcome)
    }

    public init(_ step: DecisionStep) {
        self.init(rule: step.rule, file: step.location?.file, line: step.location?.line, outcome: step.text + step.outcome.suffix)
    }
}

extension DecisionTrace {
    public var entries: [TraceEntry] {
        var entries = steps.map { TraceEntry($0) }
        if omitted > 0 { entries.append(TraceEntry(rule: "", file: nil, line: nil, outcome: "… and \(omitted) more steps")) }
        return entries
    }

    /// The trace for a terminal: each step begins with its rule and place, and its words stand below, indented.
    ///
    /// - Parameter columns: the width of the terminal; words that are longer stand out.
    public func text(columns: Int = 80) -> String {
        var lines: [String] = []
        for step in steps {
            lines.append(step.heading + (step.location.map { "  \($0)" } ?? ""))
            lines += Self.wrapped(step.text, columns: columns)
            switch step.outcome {
            case .goesOn, .leftOut, .routed: break
            case .permitted: lines[lines.count - 1] += " → permitted"
            case .refused(let refusal): lines += Self.wrapped("→ \(refusal)", columns: columns)
            }
        }
        if omitted > 0 { lines.append("… and \(omitted) more steps") }
        return lines.joined(separator: "\n")
    }

    private static func wrapped(_ text: String, columns: Int) -> [String] {
        let indentation = "    "
        // Room for what a last line may get behind it.
        let room = max(20, columns - indentation.count - 12)
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > room {
                lines.append(indentation + line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [indentation + line]
    }
}
