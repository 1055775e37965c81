import Foundation
import TopologyFile

/// One finding as one JSON object.
struct FindingJSON {
    let text: String

    init(_ finding: Finding) {
        var members: [String: Any] = [
            "severity": finding.severity.rawValue, "file": finding.location.file, "line": finding.location.line,
            "column": finding.location.column, "path": finding.path, "message": finding.message,
        ]
        if let accepted = finding.accepted { members["accepted"] = accepted }
        if !finding.example.isEmpty { members["example"] = finding.example }
        // Strings, their lists and numbers alone always make JSON.
        let data = (try? JSONSerialization.data(withJSONObject: members, options: [.sortedKeys, .withoutEscapingSlashes])) ?? Data()
        text = String(decoding: data, as: UTF8.self)
    }
}
