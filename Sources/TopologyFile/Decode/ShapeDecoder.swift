import MailVocabulary
import Topology

/// Checks a tree against the model: keys, types, forms and ranges. Finds everything at once, also what does not act yet.
struct ShapeDecoder {
    private(set) var report = Report()
    /// More than zero inside of something that does not act yet and has been said so.
    private var silence = 0
    /// Whether a key with `null` behind it is as good as none: so do programs write JSON. In a configuration it is a slip.
    private let nullIsNoKey: Bool

    init(nullIsNoKey: Bool = false) { self.nullIsNoKey = nullIsNoKey }

    mutating func decode(_ node: YAMLNode, as model: ValueModel) -> Value { decode(node, as: model, path: "", at: node.location) }

    /// - Parameter place: where to point if nothing is written.
    private mutating func decode(_ node: YAMLNode, as model: ValueModel, path: String, at place: SourceLocation) -> Value {
        if case .scalar(let text, true) = node.content, ["", "~", "null"].contains(text) {
            report.error(text.isEmpty ? place : node.location, path, "nothing is written here", accepted: model.accepted)
            return Value(content: .invalid, location: place, path: path)
        }
        let content: Value.Content
        switch (model, node.content) {
        case (.either(let alternatives), _):
            guard let fitting = alternatives.first(where: { $0.shapes.contains(node.shape) }) else {
                return mismatch(node, model, path)
            }
            return decode(node, as: fitting, path: path, at: place, alternatives: model)
        case (.byRole(let tables), .mapping(let entries)):
            return decode(entries, asOneOf: tables, node: node, path: path, at: place)
        case (.table(let table), .mapping(let entries)):
            content = .table(decode(entries, as: table, path: path, at: place))
        case (.map(let kind, let placeholder, let element, let minimum), .mapping(let entries)):
            content = .table(decode(entries, keys: kind, placeholder, element, minimum: minimum, path: path, at: place))
        case (.list(let element, let minimum), .sequence(let nodes)):
            if nodes.count < minimum { report.error(node.location, path, "the list is empty", accepted: model.accepted) }
            content = .list(
                nodes.enumerated().map { decode($1, as: element, path: "\(path)[\($0)]", at: $1.location) })
        case (_, .scalar(let text, let isPlain)) where model.shapes == [.scalar]:
            switch scalar(text, isPlain: isPlain, as: model, path: path) {
            case .success(let value): content = value
            case .failure(let problem):
                report.error(node.location, path, problem.message(about: text), accepted: model.accepted)
                content = .invalid
            }
        default: return mismatch(node, model, path)
        }
        return Value(content: content, location: node.location, path: path)
    }

    /// One alternative of several: an error names them all.
    private mutating func decode(
        _ node: YAMLNode, as model: ValueModel, path: String, at place: SourceLocation, alternatives: ValueModel
    ) -> Value {
        guard case .scalar(let text, let isPlain) = node.content else { return decode(node, as: model, path: path, at: place) }
        switch scalar(text, isPlain: isPlain, as: model, path: path) {
        case .success(let content): return Value(content: content, location: node.location, path: path)
        case .failure(let problem):
            report.error(node.location, path, problem.message(about: text), accepted: alternatives.accepted)
            return Value(content: .invalid, location: node.location, path: path)
        }
    }

    private mutating func mismatch(_ node: YAMLNode, _ model: ValueModel, _ path: String) -> Value {
        report.error(node.location, path, "found \(node.found)", accepted: model.accepted)
        return Value(content: .invalid, location: node.location, path: path)
    }

    // MARK: Tables

    private mutating func decode(_ entries: [YAMLNode.Entry], as table: TableModel, path: String, at place: SourceLocation) -> [Value.Entry]
    {
        var decoded: [Value.Entry] = []
        let entries = unique(entries, path: path)
        for entry in entries {
            let path = join(path, entry.key)
            guard let key = table.key(entry.key) else {
                unknown(entry, in: table, path: path)
                continue
            }
            if isAbsent(entry) { continue }
            if let feature = key.feature { inactive(feature, at: entry.keyLocation, path) }
            if key.feature != nil { silence += 1 }
            let value = decode(entry.value, as: key.value, path: path, at: entry.keyLocation)
            if key.feature != nil { silence -= 1 }
            decoded.append(Value.Entry(key: entry.key, keyLocation: entry.keyLocation, value: value))
        }
        let written = Set(entries.filter { !isAbsent($0) }.map(\.key))
        for key in table.keys where key.isRequired && !written.contains(key.name) {
            report.error(place, join(path, key.name), "the key is missing", accepted: key.value.accepted)
        }
        for group in table.exactlyOne {
            let present = entries.filter { group.contains($0.key) && !isAbsent($0) }
            let names = group.map { "`\($0)`" }.joined(separator: ", ")
            if present.isEmpty {
                report.error(place, path, "a key is missing", accepted: "one of \(names)")
            } else if present.count > 1 {
                report.error(
                    present[1].keyLocation, join(path, present[1].key), "it excludes `\(present[0].key)`", accepted: "one of \(names)")
            }
        }
        return decoded
    }

    private mutating func unknown(_ entry: YAMLNode.Entry, in table: TableModel, path: String) {
        let names = table.keys.map(\.name)
        let accepted = names.joined(separator: ", ")
        if let sentence = table.misplaced[entry.key] {
            report.error(entry.keyLocation, path, sentence, accepted: accepted)
            return
        }
        // A file of nothing but unknown keys is no slip.
        let nearest = report.findings.count < 100 ? Suggestion.nearest(to: entry.key, among: names) : nil
        let guess = nearest.map { "; did you mean `\($0)`?" } ?? ""
        report.error(entry.keyLocation, path, "unknown key `\(Printable.value(entry.key))`\(guess)", accepted: accepted)
    }

    private mutating func decode(
        _ entries: [YAMLNode.Entry], keys kind: ValueModel.NameKind, _ placeholder: String, _ element: ValueModel, minimum: Int,
        path: String, at place: SourceLocation
    ) -> [Value.Entry] {
        var decoded: [Value.Entry] = []
        var domains: [DomainName: Int] = [:]
        for entry in unique(entries, path: path) where !isAbsent(entry) {
            let path = join(path, entry.key)
            switch kind {
            case .identifier:
                if !TextKind.isIdentifier(entry.key) {
                    report.error(
                        entry.keyLocation, path, "`\(Printable.value(entry.key))` is not a \(placeholder)",
                        accepted: "letters, digits, `_`, `-` and `.`, up to 64, not beginning with `-` or `.`")
                }
            case .domain:
                if let problem = TextKind.mailDomain.problem(entry.key) {
                    report.error(
                        entry.keyLocation, path, Problem(message: problem).message(about: entry.key), accepted: TextKind.mailDomain.accepted
                    )
                } else if let domain = DomainName(inAddress: entry.key) {
                    if let line = domains[domain] {
                        report.error(entry.keyLocation, path, "the same domain is written in line \(line)", accepted: "each domain once")
                    }
                    domains[domain] = entry.keyLocation.line
                }
            case .address:
                if let problem = TextKind.account.problem(entry.key) {
                    report.error(
                        entry.keyLocation, path, Problem(message: problem).message(about: entry.key), accepted: TextKind.account.accepted)
                }
            }
            let value = decode(entry.value, as: element, path: path, at: entry.keyLocation)
            decoded.append(Value.Entry(key: entry.key, keyLocation: entry.keyLocation, value: value))
        }
        if decoded.count < minimum { report.error(place, path, "the table is empty", accepted: "one or more, each key a \(placeholder)") }
        return decoded
    }

    private mutating func decode(
        _ entries: [YAMLNode.Entry], asOneOf tables: [(word: String, table: TableModel)], node: YAMLNode, path: String,
        at place: SourceLocation
    ) -> Value {
        var chosen: TableModel?
        if let role = entries.first(where: { $0.key == "role" }), case .scalar(let word, _) = role.value.content {
            chosen = tables.first { $0.word == word }?.table
            if chosen == nil, !word.isEmpty {
                report.error(
                    role.value.location, join(path, "role"), "`\(Printable.value(word))` is no role",
                    accepted: tables.map(\.word).joined(separator: " | "))
                // The rest is checked all the same, as if it were the role that knows the most keys.
                let assumed = YAMLNode(content: .scalar(tables.last?.word ?? "", isPlain: true), location: role.value.location)
                let entries = entries.map { entry in
                    entry.key == "role" ? YAMLNode.Entry(key: entry.key, keyLocation: entry.keyLocation, value: assumed) : entry
                }
                return decode(entries, asOneOf: tables, node: node, path: path, at: place)
            }
        }
        // Without a role, the errors are those of the last table, which knows the most keys.
        guard let table = chosen ?? tables.last?.table else { return Value(content: .invalid, location: node.location, path: path) }
        let decoded = decode(entries, as: table, path: path, at: place)
        return Value(content: .table(decoded), location: node.location, path: path)
    }

    private func isAbsent(_ entry: YAMLNode.Entry) -> Bool {
        if nullIsNoKey, case .scalar("null", true) = entry.value.content { true } else { false }
    }

    /// The first of each key; the others are errors.
    private mutating func unique(_ entries: [YAMLNode.Entry], path: String) -> [YAMLNode.Entry] {
        var lines: [String: Int] = [:]
        return entries.filter { entry in
            guard let line = lines[entry.key] else {
                lines[entry.key] = entry.keyLocation.line
                return true
            }
            report.error(
                entry.keyLocation, join(path, entry.key), "the key `\(Printable.value(entry.key))` is written again, after line \(line)",
                accepted: "each key once")
            return false
        }
    }

    private mutating func inactive(_ feature: Feature, at location: SourceLocation, _ path: String) {
        if silence == 0 {
            report.notice(location, path, "not yet active: \(feature.rawValue) come\(feature.verbEnding) with a later version")
        }
    }

    private func join(_ path: String, _ key: String) -> String { path.isEmpty ? Printable.value(key) : "\(path).\(Printable.value(key))" }

    // MARK: Scalars

    private struct Problem: Error {
        let message: String

        /// The message with the value in it as it may be shown.
        func message(about value: String) -> String {
            let shown = Printable.value(value)
            return shown == value ? message : message.replacing(value, with: shown)
        }
    }

    private mutating func scalar(_ text: String, isPlain: Bool, as model: ValueModel, path: String) -> Result<Value.Content, Problem> {
        switch model {
        case .text(let kind):
            if let problem = kind.problem(text) { return .failure(Problem(message: problem)) }
            return textual(text, isPlain)
        case .choice(let choices):
            guard choices.contains(text) else {
                let guess = Suggestion.nearest(to: text, among: choices).map { "; did you mean `\($0)`?" } ?? ""
                return .failure(Problem(message: "`\(text)` is none of the words\(guess)"))
            }
            return textual(text, isPlain)
        case .boolean:
            guard isPlain, let value = ["true": true, "false": false][text] else {
                return .failure(Problem(message: "\(quoted(text, isPlain)) is neither true nor false"))
            }
            return .success(.boolean(value))
        case .integer(let range):
            guard isPlain, let number = wholeNumber(text) else {
                return .failure(Problem(message: "\(quoted(text, isPlain)) is not a whole number"))
            }
            return range.contains(number) ? .success(.integer(number)) : .failure(Problem(message: "\(text) is out of range"))
        case .limit:
            if text == "none" { return .success(.none) }
            guard isPlain, let number = wholeNumber(text) else {
                return .failure(Problem(message: "\(quoted(text, isPlain)) is neither a whole number nor none"))
            }
            return number >= 1 ? .success(.integer(number)) : .failure(Problem(message: "a limit of \(text) lets nothing through"))
        case .duration(let minimum, let orNone):
            if orNone, text == "none" { return .success(.none) }
            guard let duration = DurationText.parse(text) else { return .failure(Problem(message: "`\(text)` is not a duration")) }
            guard duration >= .seconds(minimum) else { return .failure(Problem(message: "\(text) is too short")) }
            return duration <= DurationText.maximum
                ? .success(.duration(duration)) : .failure(Problem(message: "\(text) is over ten years"))
        case .size(let orNone):
            if orNone, text == "none" { return .success(.none) }
            guard let size = ByteCount(parsing: text) else { return .failure(Problem(message: "`\(text)` is not a size")) }
            return size.bytes >= 1 ? .success(.size(size)) : .failure(Problem(message: "a size of \(text) lets nothing through"))
        case .octets:
            if isPlain, let number = wholeNumber(text), number >= 0 { return .success(.size(ByteCount(number))) }
            guard let size = ByteCount(parsing: text) else { return .failure(Problem(message: "`\(text)` is not a size")) }
            return .success(.size(size))
        case .list, .table, .map, .either, .byRole:
            return .failure(Problem(message: "`\(text)` is a single value"))
        }
    }

    /// A text, which a word without quotes is only where YAML does not take it for something else.
    private func textual(_ text: String, _ isPlain: Bool) -> Result<Value.Content, Problem> {
        guard isPlain, let kind = PlainScalar.kindOtherThanText(text) else { return .success(.text(text)) }
        return .failure(Problem(message: "`\(text)` is \(kind) in YAML, where a text is expected: write it in quotes, \"\(text)\""))
    }

    private func quoted(_ text: String, _ isPlain: Bool) -> String { isPlain ? "`\(text)`" : "the text \"\(text)\"" }

    /// Decimal digits, perhaps with a minus, and no zero before others, which some read as octal; nil also where it overflows.
    private func wholeNumber(_ text: String) -> Int? {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits == "0" || !digits.hasPrefix("0") else {
            return nil
        }
        return Int(text)
    }
}

extension YAMLNode {
    fileprivate var shape: ValueModel.Shape {
        switch content {
        case .scalar: .scalar
        case .sequence: .list
        case .mapping: .table
        }
    }

    fileprivate var found: String {
        switch content {
        case .scalar(let text, _): "the single value `\(Printable.value(text))`"
        case .sequence: "a list"
        case .mapping: "a table"
        }
    }
}
