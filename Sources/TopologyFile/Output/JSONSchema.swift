extension TopologyFile {
    /// The JSON Schema (draft 2020-12) of the file, from the model that the decoder uses, so that editors complete it.
    ///
    /// A file that loads is valid under it; it cannot say everything that `load` checks.
    public static func jsonSchema() -> String {
        var members: [(String, JSONText)] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            ("title", .string("Postern configuration")),
        ]
        members += JSONSchema.members(of: ConfigurationModel.root)
        return JSONText.object(members).write() + "\n"
    }
}

/// Model to schema.
enum JSONSchema {
    static func members(of model: ValueModel) -> [(String, JSONText)] {
        switch model {
        case .text(let kind):
            return [("type", .string("string"))] + (kind.pattern.map { [("pattern", .string($0))] } ?? [])
        case .choice(let choices): return [("enum", .array(choices.map { .string($0) }))]
        case .boolean: return [("type", .string("boolean"))]
        case .integer(let range):
            return [("type", .string("integer")), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound))]
        case .limit:
            return [("anyOf", .array([.object([("type", .string("integer")), ("minimum", .integer(1))]), .object([none])]))]
        case .duration(_, let orNone): return orText("^[0-9]{1,9}[smhd]$", orNone: orNone)
        case .size(let orNone): return orText("^[0-9]+(B|KiB|MiB|GiB)$", orNone: orNone)
        case .octets:
            return [("anyOf", .array([.object([("type", .string("integer")), ("minimum", .integer(0))]), .object(members(of: .size))]))]
        case .list(let element, let minimum):
            return [("type", .string("array")), ("items", .object(members(of: element)))]
                + (minimum > 0 ? [("minItems", .integer(minimum))] : [])
        case .table(let table): return members(of: table)
        case .map(let kind, _, let element, let minimum):
            let names: [(String, JSONText)] =
                kind == .identifier ? [("propertyNames", .object([("pattern", .string(TextKind.identifierPattern))]))] : []
            return [("type", .string("object"))] + names + [("additionalProperties", .object(members(of: element)))]
                + (minimum > 0 ? [("minProperties", .integer(minimum))] : [])
        case .either(let alternatives): return [("anyOf", .array(alternatives.map { .object(members(of: $0)) }))]
        case .byRole(let tables):
            return [("oneOf", .array(tables.map { .object(members(of: $0.table, role: $0.word)) }))]
        }
    }

    private static let none: (String, JSONText) = ("const", .string("none"))

    private static func orText(_ pattern: String, orNone: Bool) -> [(String, JSONText)] {
        let text: [(String, JSONText)] = [("type", .string("string")), ("pattern", .string(pattern))]
        return orNone ? [("anyOf", .array([.object(text), .object([none])]))] : text
    }

    /// - Parameter role: the word that `role` has in this table.
    private static func members(of table: TableModel, role: String? = nil) -> [(String, JSONText)] {
        let properties = table.keys.map { key in
            var members: [(String, JSONText)] = [("description", .string(description(of: key)))]
            members += key.name == "role" && role != nil ? [("const", .string(role ?? ""))] : Self.members(of: key.value)
            return (key.name, JSONText.object(members))
        }
        let required = table.keys.filter(\.isRequired).map { JSONText.string($0.name) }
        var members: [(String, JSONText)] = [
            ("type", .string("object")), ("properties", .object(properties)), ("additionalProperties", .boolean(false)),
        ]
        if !required.isEmpty { members.append(("required", .array(required))) }
        // No table has more than one such group.
        if let group = table.exactlyOne.first {
            members.append(("oneOf", .array(group.map { .object([("required", .array([.string($0)]))]) })))
        }
        return members
    }

    private static func description(of key: Key) -> String {
        var text = key.summary
        if let defaultText = key.defaultText { text += " Default: \(defaultText)." }
        if !key.rows.isEmpty { text += " (\(key.rows.joined(separator: ", ")))" }
        if key.feature != nil { text += " Not yet active." }
        return text
    }
}
