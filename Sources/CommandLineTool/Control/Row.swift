import Foundation
import MailVocabulary

/// One JSON object of the core's answer.
struct Row {
    private let members: [String: Any]

    init(_ line: String) throws {
        members = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }

    private init(members: [String: Any]) { self.members = members }

    /// As it may be shown to a person, on one line: what strangers said is escaped. Empty where there is none.
    func text(_ name: String) -> String { EscapedText.line(value(name)) }

    /// As the core says it, to go on working with. Empty where there is none.
    func value(_ name: String) -> String {
        switch members[name] {
        case let text as String: text
        case let number as Int: String(number)
        case let list as [String]: list.joined(separator: ", ")
        default: ""
        }
    }

    func number(_ name: String) -> Int { members[name] as? Int ?? 0 }

    func list(_ name: String) -> [String] { members[name] as? [String] ?? [] }

    func flag(_ name: String) -> Bool { members[name] as? Bool ?? false }

    func rows(_ name: String) -> [Row] { (members[name] as? [[String: Any]] ?? []).map(Row.init(members:)) }
}

/// Columns of text, each as wide as its widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ header: String...) { rows = [header] }

    var isEmpty: Bool { rows.count == 1 }

    /// A cell never has more than one line.
    mutating func add(_ cells: String...) { rows.append(cells.map(EscapedText.line)) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
