import Logging

extension LogRecord {
    /// The names of the line's own fields. Metadata of the same name gets a `_` appended: a duplicate name would be ambiguous (RFC 8259 §4).
    private static let reservedNames: Set<String> = ["time", "level", "process", "message", "cut"]

    /// `{"time":…,"level":…,"process":…,"message":…, metadata by name}`; `"cut":true` closes a line that would have been too long.
    func jsonLine() -> LogLine {
        var line = LogLine()
        line.append("{\"time\":\"")
        time.append(to: &line)
        line.append("\",\"level\":\"")
        line.append(escaping: level.rawValue, as: .json)
        line.append("\",\"process\":")
        line.appendJSON(process)
        line.append(",\"message\":")
        line.appendJSON(message)
        for (name, value) in sortedMetadata {
            guard !line.isCut else { break }
            line.append(",")
            line.appendJSON(Self.reservedNames.contains(name) ? name + "_" : name)
            line.append(":")
            line.appendJSON(value, depth: 1)
        }
        line.append(line.isCut ? ",\"cut\":true}\n" : "}\n")
        return line
    }
}

extension LogLine {
    fileprivate mutating func appendJSON(_ text: String) {
        append("\"")
        append(escaping: text, as: .json)
        append("\"")
    }

    fileprivate mutating func appendJSON(_ value: Logger.Metadata.Value, depth: Int) {
        switch value {
        case .string(let text): appendJSON(text)
        case .stringConvertible(let value): appendJSON(value.description)
        case .array where depth >= Self.maximumDepth, .dictionary where depth >= Self.maximumDepth: appendJSON(value.description)
        case .array(let elements):
            append("[")
            for (index, element) in elements.enumerated() where !isCut {
                if index > 0 { append(",") }
                appendJSON(element, depth: depth + 1)
            }
            append("]")
        case .dictionary(let entries):
            append("{")
            for (index, entry) in entries.sorted(by: { $0.key < $1.key }).enumerated() where !isCut {
                if index > 0 { append(",") }
                appendJSON(entry.key)
                append(":")
                appendJSON(entry.value, depth: depth + 1)
            }
            append("}")
        }
    }
}
