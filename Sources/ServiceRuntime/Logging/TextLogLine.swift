import Logging

extension LogRecord {
    /// `2026-11-24T03:07:00.125Z info    edge: message key=value other="two words"`; ` …` closes a line that would have been too long.
    func textLine() -> LogLine {
        var line = LogLine()
        time.append(to: &line)
        line.append(" ")
        line.append(escaping: level.rawValue, as: .text)
        for _ in level.rawValue.utf8.count..<9 { line.append(" ") }
        line.append(escaping: process, as: .text)
        line.append(": ")
        line.append(escaping: message, as: .sentence)
        for (name, value) in sortedMetadata {
            guard !line.isCut else { break }
            line.append(" ")
            line.appendText(name)
            line.append("=")
            line.appendText(value.description)
        }
        line.append(line.isCut ? " …\n" : "\n")
        return line
    }
}

extension LogLine {
    /// Appends a value, in quotes unless it can be told from what stands around it.
    fileprivate mutating func appendText(_ text: String) {
        let isWord = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }
        if !isWord { append("\"") }
        append(escaping: text, as: .text)
        if !isWord { append("\"") }
    }
}
