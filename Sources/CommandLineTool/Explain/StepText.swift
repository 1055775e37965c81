/// Steps of a trace out of the core's answer, as `postern explain route` shows its own.
enum StepText {
    static func lines(_ rows: [Row], indentation: String = "    ") -> [String] {
        rows.flatMap { row in
            let place = row.text("file").isEmpty ? "" : "  \(row.text("file")):\(row.text("line"))"
            return ["\(indentation)rule \(row.text("rule"))\(place)"]
                + wrapped(row.text("outcome"), indentation: indentation + "    ")
        }
    }

    /// Lines that fit the terminal where words do.
    static func wrapped(_ text: String, indentation: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indentation.count + line.count + 1 + word.count > ExplanationOutput.columns {
                lines.append(indentation + line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [indentation + line]
    }
}
