/// The reference of all keys, in Markdown, from the model that the decoder uses: the second half of `docs/configuration.md`.
enum Reference {
    static func markdown() -> String {
        guard case .table(let root) = ConfigurationModel.root else { return "" }
        var sections = ["## The file itself\n\n" + table(root.keys)]
        for key in root.keys {
            sections += Self.sections(path: key.name, key.value, level: 2)
        }
        return sections.joined(separator: "\n")
    }

    /// The tables below a key, each with a heading.
    private static func sections(path: String, _ model: ValueModel, level: Int) -> [String] {
        switch model {
        case .table(let table):
            return ["\(heading(level)) `\(path)`\n\n" + Self.table(table.keys)] + nested(table, path: path, level: level)
        case .map(_, let placeholder, let element, _):
            return sections(path: "\(path).<\(placeholder)>", element, level: level)
        case .list(let element, _): return sections(path: "\(path)[]", element, level: level)
        case .either(let alternatives): return alternatives.flatMap { sections(path: path, $0, level: level) }
        case .byRole(let tables):
            // What all roles have is said once.
            let common = tables.first?.table.keys ?? []
            var result = ["\(heading(level)) `\(path)`\n\n" + table(common)]
            result += nested(TableModel(common), path: path, level: level)
            for (word, table) in tables.dropFirst() {
                let own = table.keys.filter { key in !common.contains { $0.name == key.name } }
                result.append("\(heading(level)) `\(path)` with `role: \(word)`, besides\n\n" + Self.table(own))
                result += nested(TableModel(own), path: path, level: level)
            }
            return result
        case .text, .choice, .boolean, .integer, .limit, .duration, .size, .octets: return []
        }
    }

    private static func nested(_ table: TableModel, path: String, level: Int) -> [String] {
        table.keys.flatMap { sections(path: "\(path).\($0.name)", $0.value, level: min(level + 1, 4)) }
    }

    private static func heading(_ level: Int) -> String { String(repeating: "#", count: level) }

    private static func table(_ keys: [Key]) -> String {
        var lines = ["| key | what it says | accepted | default | rows |", "|---|---|---|---|---|"]
        for key in keys {
            let waits = key.feature != nil ? " *Not yet active.*" : ""
            let byDefault = key.isRequired ? "**required**" : key.defaultText ?? ""
            lines.append(
                "| `\(key.name)` | \(cell(key.summary))\(waits) | \(cell(accepted(key.value))) | \(cell(byDefault)) | \(key.rows.joined(separator: ", ")) |"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Nested tables have a section of their own.
    private static func accepted(_ model: ValueModel) -> String {
        switch model {
        case .table: "a table, below"
        case .byRole: "a table, below"
        case .map(_, let placeholder, let element, _): "a table, each key a \(placeholder), each value \(accepted(element))"
        case .list(let element, let minimum): (minimum > 0 ? "a list of one or more, each " : "a list, each ") + accepted(element)
        case .either(let alternatives): alternatives.map(accepted).joined(separator: "; or ")
        default: model.accepted
        }
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
