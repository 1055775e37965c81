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
        WrappedText.lines(text, width: ExplanationOutput.columns - indentation.count).map { indentation + $0 }
    }
}
