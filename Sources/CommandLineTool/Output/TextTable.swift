import MailVocabulary

/// Columns of text, printed as the rows come: each is as wide as its widest cell among the first rows, and a wider cell further down moves its
/// own line alone. So a table of any length begins at once and costs no memory.
struct TextTable {
    /// Rows that the widths are taken from.
    static let measuredRows = 200

    private let emit: (String) -> Void
    private var waiting: [[String]]
    private var widths: [Int]?
    private(set) var isEmpty = true

    init(_ header: String..., emit: @escaping (String) -> Void = { StandardOutput.print($0) }) {
        (self.emit, waiting) = (emit, [header])
    }

    /// A cell never has more than one line.
    mutating func add(_ cells: String...) {
        isEmpty = false
        let row = cells.map(EscapedText.line)
        if let widths { return emit(Self.line(row, widths)) }
        waiting.append(row)
        if waiting.count > Self.measuredRows { flush() }
    }

    /// Prints what waits. A table without rows prints nothing.
    mutating func finish() { if !isEmpty { flush() } }

    private mutating func flush() {
        guard widths == nil, let header = waiting.first else { return }
        let widths = header.indices.map { column in waiting.map { Self.width($0[column]) }.max() ?? 0 }
        self.widths = widths
        emit(waiting.map { Self.line($0, widths) }.joined(separator: "\n"))
        waiting = []
    }

    private static func line(_ row: [String], _ widths: [Int]) -> String {
        let last = row.lastIndex { !$0.isEmpty } ?? 0
        return row[...last].enumerated().map { column, cell in
            column == last ? cell : cell + String(repeating: " ", count: max(0, widths[column] - width(cell)))
        }.joined(separator: "  ")
    }

    private static func width(_ cell: String) -> Int { cell.utf8.allSatisfy { $0 < 0x80 } ? cell.utf8.count : cell.count }
}
