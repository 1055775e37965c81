import Foundation
import MailVocabulary

/// One JSON object of the core's answer.
struct Row {
    private let members: [String: Any]
    /// The object as it came; empty for one within another.
    let line: String

    init(_ line: String) throws {
        self.line = line
        members = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }

    private init(members: [String: Any]) { (self.members, line) = (members, "") }

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
