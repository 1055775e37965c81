/// One JSON object on one line, its members in the order they were added (RFC 8259).
struct JSONObject {
    private var members: [String] = []

    mutating func add(_ name: String, _ value: String?) { add(name, raw: value.map(Self.quoted) ?? "null") }
    mutating func add(_ name: String, _ value: Int) { add(name, raw: String(value)) }
    mutating func add(_ name: String, _ value: Bool) { add(name, raw: value ? "true" : "false") }
    mutating func add(_ name: String, _ values: [String]) { add(name, raw: "[" + values.map(Self.quoted).joined(separator: ",") + "]") }
    mutating func add(_ name: String, objects: [JSONObject]) { add(name, raw: "[" + objects.map(\.text).joined(separator: ",") + "]") }

    private mutating func add(_ name: String, raw: String) { members.append("\(Self.quoted(name)):\(raw)") }

    var text: String { "{" + members.joined(separator: ",") + "}" }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
