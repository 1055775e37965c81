/// What may stand behind a key.
indirect enum ValueModel: Sendable {
    /// The names of a table with free keys.
    enum NameKind: Sendable {
        /// A name that the administrator chooses.
        case identifier
        case domain
        /// A mail address, or a bare name.
        case address
    }

    case text(TextKind)
    /// One of some words.
    case choice([String])
    case boolean
    case integer(ClosedRange<Int>)
    /// A number from 1, or `none`.
    case limit
    /// - Parameter minimum: seconds.
    case duration(minimum: Int64, orNone: Bool)
    /// From one octet.
    case size(orNone: Bool)
    /// A number of octets from 0, or a size.
    case octets
    case list(of: ValueModel, minimum: Int)
    case table(TableModel)
    /// - Parameter placeholder: stands for a name in the reference.
    case map(NameKind, placeholder: String, ValueModel, minimum: Int)
    /// At most one scalar, one list and one table: the shape of what is written chooses.
    case either([ValueModel])
    /// A table that `role` chooses among: the first is for the word of the first choice, and so on.
    case byRole([(word: String, table: TableModel)])

    static let duration = ValueModel.duration(minimum: 1, orNone: false)
    static let size = ValueModel.size(orNone: false)

    /// Users and groups: one text, with several separated by `;` (S24), or a list of such texts.
    static func principals(minimum: Int = 0) -> ValueModel {
        .either([.text(.principals), .list(of: .text(.principals), minimum: minimum)])
    }

    static func words(_ words: String...) -> ValueModel { .choice(words) }
    static func words(_ words: some Sequence<some RawRepresentable<String>>) -> ValueModel { .choice(words.map(\.rawValue)) }
    static func list(_ element: ValueModel) -> ValueModel { .list(of: element, minimum: 0) }
    static func list1(_ element: ValueModel) -> ValueModel { .list(of: element, minimum: 1) }

    enum Shape {
        case scalar, list, table
    }

    var shapes: [Shape] {
        switch self {
        case .text, .choice, .boolean, .integer, .limit, .duration, .size, .octets: [.scalar]
        case .list: [.list]
        case .table, .map, .byRole: [.table]
        case .either(let alternatives): alternatives.flatMap(\.shapes)
        }
    }

    /// The words for one text, or a list of the same; nil for everything else.
    var oneOrSeveral: String? {
        guard case .either(let alternatives) = self, alternatives.count == 2, case .text(let one) = alternatives[0],
            case .list(of: .text(let several), let minimum) = alternatives[1], one.accepted == several.accepted
        else { return nil }
        return one.accepted + (minimum > 0 ? "; or a list of one or more such" : "; or a list of such")
    }

    /// In words, for errors and reference.
    var accepted: String {
        switch self {
        case .text(let kind): return kind.accepted
        case .choice(let choices): return choices.joined(separator: " | ")
        case .boolean: return "true | false"
        case .integer(let range):
            return range.count == 1 ? "\(range.lowerBound)" : "a number from \(range.lowerBound) to \(range.upperBound)"
        case .limit: return "a number from 1, or none"
        case .duration(let minimum, let orNone):
            return DurationText.accepted + (minimum == 0 ? ", or 0s" : "") + (orNone ? ", or none" : "")
        case .size(let orNone): return "a size such as 512B, 64KiB or 10MiB" + (orNone ? ", or none" : "")
        case .octets: return "a number of octets, or a size such as 64KiB or 10MiB"
        case .list(let element, let minimum):
            return (minimum > 0 ? "a list of one or more, each " : "a list, each ") + element.accepted
        case .table(let table): return "a table with " + table.keys.map(\.name).joined(separator: ", ")
        case .map(_, let placeholder, _, _): return "a table, each key a \(placeholder)"
        case .either(let alternatives): return oneOrSeveral ?? alternatives.map(\.accepted).joined(separator: "; or ")
        case .byRole(let tables): return "a table with role: " + tables.map(\.word).joined(separator: " | ")
        }
    }
}
