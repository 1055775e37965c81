/// Tables of a page in Markdown.
enum DocumentTable {
    /// The rows below the header whose first cell says `header`, each as its cells; of every such table of the page.
    static func rows(of page: String, header: String) throws -> [[String]] { rows(in: try ProjectFolder.text(page), header: header) }

    static func rows(in text: String, header: String) -> [[String]] {
        var rows: [[String]] = []
        var isInTable = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|"), line.hasSuffix("|") else {
                isInTable = false
                continue
            }
            let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed)
            if isInTable {
                if !cells.allSatisfy({ $0.allSatisfy { "-:".contains($0) } }) { rows.append(cells) }
            } else if cells.first == header {
                isInTable = true
            }
        }
        return rows
    }

    /// What stands between back-quotes.
    static func code(in text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
