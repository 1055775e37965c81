import Topology

/// The characters of a file, and positions among them.
enum SourceText {
    /// Decodes UTF-8; a byte order mark at the start is left out.
    ///
    /// - Returns: a failure for what is not UTF-8 and for control characters, with their place.
    static func scalars(of bytes: [UInt8], file: String) -> Result<[Unicode.Scalar], YAMLReader.Failure> {
        guard let string = String(validating: bytes, as: UTF8.self) else {
            let line = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .firstIndex { String(validating: $0, as: UTF8.self) == nil }
            let location = SourceLocation(file: file, line: (line ?? 0) + 1, column: 1)
            return .failure(YAMLReader.Failure(findings: [Finding(.error, at: location, path: "", "this line is not UTF-8")]))
        }
        var text = Array(string.unicodeScalars)
        if text.first == "\u{FEFF}" { text.removeFirst() }
        if let control = text.firstIndex(where: { isControl($0) }) {
            let code = String(text[control].value, radix: 16, uppercase: true)
            let location = location(of: control, in: text, file: file)
            return .failure(
                YAMLReader.Failure(findings: [Finding(.error, at: location, path: "", "the control character 0x\(code) is not accepted")]))
        }
        return .success(text)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x85: false
        case ..<0x20, 0x7F..<0xA0, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    /// Where the line that holds an index begins and which it is; lines end as in YAML 1.1, which libyaml reads.
    private static func endsLine(_ index: Int, in text: [Unicode.Scalar]) -> Bool {
        switch text[index] {
        case "\n", "\u{85}", "\u{2028}", "\u{2029}": true
        case "\r": index + 1 == text.count || text[index + 1] != "\n"
        default: false
        }
    }

    /// The indices at which lines begin.
    static func lineStarts(in text: [Unicode.Scalar]) -> [Int] {
        [0] + text.indices.filter { endsLine($0, in: text) }.map { $0 + 1 }
    }

    static func location(of index: Int, in text: [Unicode.Scalar], file: String) -> SourceLocation {
        var (line, start) = (1, 0)
        for position in 0..<index where endsLine(position, in: text) { (line, start) = (line + 1, position + 1) }
        return SourceLocation(file: file, line: line, column: index - start + 1)
    }

    /// nil where the text has no such place.
    static func index(of location: SourceLocation, in text: [Unicode.Scalar]) -> Int? {
        var (line, start) = (1, 0)
        if location.line > 1 {
            for position in text.indices where endsLine(position, in: text) {
                (line, start) = (line + 1, position + 1)
                if line == location.line { break }
            }
        }
        let index = start + location.column - 1
        return line == location.line && text.indices.contains(index) ? index : nil
    }

    /// The place of an alias that is used as a key.
    ///
    /// Yams compares keys by their whole content, which a few nested aliases make endless; so this is asked before it reads.
    static func aliasAsKey(in text: [Unicode.Scalar]) -> Int? {
        var anchors: Set<String> = []
        for index in text.indices where text[index] == "&" { anchors.insert(name(after: index, in: text)) }
        anchors.remove("")
        guard !anchors.isEmpty else { return nil }
        for index in text.indices where text[index] == "*" {
            let name = name(after: index, in: text)
            guard anchors.contains(name) else { continue }
            let before = text[..<index].last { $0 != " " && $0 != "\t" }
            let after = text[(index + 1 + name.unicodeScalars.count)...].first { $0 != " " && $0 != "\t" }
            if before == "?" || after == ":" { return index }
        }
        return nil
    }

    private static func name(after index: Int, in text: [Unicode.Scalar]) -> String {
        let name = text[(index + 1)...].prefix { $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == "_" }
        return String(String.UnicodeScalarView(name))
    }
}
