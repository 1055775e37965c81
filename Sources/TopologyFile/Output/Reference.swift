/// The reference of all keys, from the model that the decoder uses: in Markdown the second half of `docs/configuration.md`.
enum Reference {
    static func markdown() -> String {
        sections().map { section in
            let heading =
                section.path.isEmpty
                ? "The file itself" : "`\(section.path)`" + (section.role.map { " with `role: \($0)`, besides" } ?? "")
            return "\(String(repeating: "#", count: section.level)) \(heading)\n\n" + table(section.keys)
        }.joined(separator: "\n")
    }

    /// One table of the file with its keys.
    struct Section {
        /// `virtual_servers.<name>.tls`; empty for the file itself.
        let path: String
        /// Where these are the keys that a virtual server of this role has besides.
        var role: String?
        let level: Int
        let keys: [Key]
    }

    /// Every table, the file itself first.
    static func sections() -> [Section] {
        guard case .table(let root) = ConfigurationModel.root else { return [] }
        return [Section(path: "", level: 2, keys: root.keys)] + root.keys.flatMap { sections(path: $0.name, $0.value, level: 2) }
    }

    /// The tables below a key.
    private static func sections(path: String, _ model: ValueModel, level: Int) -> [Section] {
        switch model {
        case .table(let table): return [Section(path: path, level: level, keys: table.keys)] + nested(table, path: path, level: level)
        case .map(_, let placeholder, let element, _):
            return sections(path: "\(path).<\(placeholder)>", element, level: level)
        case .list(let element, _): return sections(path: "\(path)[]", element, level: level)
        case .either(let alternatives): return alternatives.flatMap { sections(path: path, $0, level: level) }
        case .byRole(let tables):
            // What all roles have is said once.
            let common = tables.first?.table.keys ?? []
            var result = [Section(path: path, level: level, keys: common)]
            result += nested(TableModel(common), path: path, level: level)
            for (word, table) in tables.dropFirst() {
                let own = table.keys.filter { key in !common.contains { $0.name == key.name } }
                result.append(Section(path: path, role: word, level: level, keys: own))
                result += nested(TableModel(own), path: path, level: level)
            }
            return result
        case .text, .choice, .boolean, .integer, .limit, .duration, .size, .octets: return []
        }
    }

    private static func nested(_ table: TableModel, path: String, level: Int) -> [Section] {
        table.keys.flatMap { sections(path: "\(path).\($0.name)", $0.value, level: min(level + 1, 4)) }
    }

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
    static func accepted(_ model: ValueModel) -> String {
        switch model {
        case .table: "a table, below"
        case .byRole: "a table, below"
        case .map(_, let placeholder, let element, _): "a table, each key a \(placeholder), each value \(accepted(element))"
        case .list(let element, let minimum): (minimum > 0 ? "a list of one or more, each " : "a list, each ") + accepted(element)
        case .either(let alternatives): model.oneOrSeveral ?? alternatives.map(accepted).joined(separator: "; or ")
        default: model.accepted
        }
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
