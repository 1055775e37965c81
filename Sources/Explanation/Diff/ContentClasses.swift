import MailVocabulary
import Routing
import Topology

/// The messages that the connectors towards one domain tell apart by size, priority and kind (E15).
struct ContentClasses {
    /// What only the message itself tells. What it does not say is not known yet, as at `RCPT`.
    struct Nature {
        /// In words; empty for a message of which nothing is known.
        var words: [String] = []
        var size: Int?
        var priority: ContentRestrictions.Priority?
        var isAutomatic: Bool?

        var word: String { words.joined(separator: ", ") }
    }

    /// First a message of which nothing is known, then those of which one thing matters, and so on.
    let natures: [Nature]

    /// - Parameter contents: of all connectors that cover the domain, in either configuration.
    init(_ contents: [ContentRestrictions]) {
        var all = [Nature()]
        let sizes = Set(contents.compactMap(\.maximumSize)).sorted(by: { $0.bytes < $1.bytes })
        all += all.flatMap { nature in
            sizes.map { size in
                var larger = nature
                larger.words.append("larger than \(size)")
                larger.size = size.bytes + 1
                return larger
            }
        }
        let priorities = ContentRestrictions.Priority.allCases.filter { priority in contents.contains { !$0.priorities.contains(priority) }
        }
        all += all.flatMap { nature in
            priorities.map { priority in
                var other = nature
                other.words.append("of \(priority.rawValue) priority")
                other.priority = priority
                return other
            }
        }
        let types = ContentRestrictions.MessageType.allCases.filter { type in contents.contains { !$0.types.contains(type) } }
        all += all.flatMap { nature in
            types.map { type in
                var other = nature
                other.words.append(type == .system ? "written by a program" : "written by a person")
                other.isAutomatic = type == .system
                return other
            }
        }
        var seen: Set<[Int]> = []
        natures = all.sorted { $0.words.count < $1.words.count }.filter { nature in
            seen.insert(contents.map { Self.verdict($0, nature) }).inserted
        }
    }

    /// Why a connector does not carry it, by the order in which routing asks; 0: it does.
    private static func verdict(_ content: ContentRestrictions, _ nature: Nature) -> Int {
        if let priority = nature.priority, !content.priorities.contains(priority) { return 1 }
        if let isAutomatic = nature.isAutomatic, !content.types.contains(isAutomatic ? .system : .nonSystem) { return 2 }
        if let maximum = content.maximumSize, let size = nature.size, size > maximum.bytes { return 3 }
        return 0
    }
}
