/// What `postern queue list` says to a person: a line for each message, and below it who still waits, why, and until when. It is printed as it
/// comes, and fits a terminal of 80 columns where addresses and replies do.
struct QueueListing {
    let time: HumanTime.Form
    let paint: Paint
    private var message: String?

    init(time: HumanTime.Form, paint: Paint) { (self.time, self.paint) = (time, paint) }

    /// The queue has nothing that was shown.
    var isEmpty: Bool { message == nil }

    private static let width = 80
    private static let indentation = String(repeating: " ", count: 16)

    /// The lines of one recipient, with those of its message where it is the first.
    mutating func lines(of row: Row) -> [String] {
        var lines: [String] = []
        if message != row.text("id") {
            if message != nil { lines.append("") }
            message = row.text("id")
            let sender = row.text("reverse_path")
            lines.append("\(row.text("id"))  from \(sender.isEmpty ? "<> (a report)" : sender)")
        }
        let state = state(of: row)
        let padded = state.text + String(repeating: " ", count: max(1, 14 - state.text.count))
        let writtenTo = row.text("written_to")
        let address = row.text("recipient") + (writtenTo.isEmpty || writtenTo == row.text("recipient") ? "" : " (written to \(writtenTo))")
        lines.append("  \(paint(padded, state.colour))\(address)")
        let way = [row.text("connector"), row.text("next_hop")].filter { !$0.isEmpty }.joined(separator: ", ")
        let attempts = row.number("attempts")
        var details = [attempts == 0 ? way : "\(way); \(Plural.text(attempts, "attempt"))", row.text("last_error")]
        if row.text("state") == "held" {
            // Where it would go is not where it goes.
            details = [
                "refused by the configuration \(time.past(row.text("held_since"))): \(row.text("held_reason"))",
                "given up \(time.due(row.text("next_attempt_at")))",
            ]
        }
        for text in details where !text.isEmpty {
            lines += WrappedText.lines(text, width: Self.width - Self.indentation.count).map { Self.indentation + $0 }
        }
        return lines
    }

    /// State and moment in a few letters.
    private func state(of row: Row) -> (text: String, colour: Paint.Colour) {
        switch row.text("state") {
        case "retry": (time.due(row.text("next_attempt_at")), .doubtful)
        case "active": ("under way", .good)
        case "damaged": ("damaged", .bad)
        case "held": ("held", .bad)
        case let other: (other, .plain)
        }
    }
}
