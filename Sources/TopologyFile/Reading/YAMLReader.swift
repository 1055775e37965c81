import Topology
import Yams

/// Text to tree, with Yams.
///
/// Yams stops at the first mapping with a key twice. So that all of them are found, and everything else that is wrong, such a key is
/// renamed in the text and the text is read again; the tree then has the key under its own name, twice.
struct YAMLReader {
    /// Why there is no tree.
    struct Failure: Error {
        var findings: [Finding]
    }

    /// Deeper nesting is refused; the configuration needs eight levels.
    private static let maximumDepth = 32
    /// Each costs one reading of the text.
    private static let maximumDuplicates = 32
    /// Characters that are read again for duplicates, in all: a second's work at most.
    private static let maximumRereading = 1 << 20
    /// Private use, one character per renamed key: YAML allows them, and no configuration has them.
    private static let firstMarker: UInt32 = 0xE000

    private let file: String
    private var text: [Unicode.Scalar]
    private var duplicates: [String] = []
    private var findings: [Finding] = []
    /// Where lines begin, for the search of tags; empty where the text has none.
    private let lineStarts: [Int]

    static func read(_ bytes: [UInt8], file: String) -> Result<YAMLNode, Failure> {
        switch SourceText.scalars(of: bytes, file: file) {
        case .failure(let failure): return .failure(failure)
        case .success(let text):
            var reader = YAMLReader(file: file, text: text)
            return reader.read()
        }
    }

    private init(file: String, text: [Unicode.Scalar]) {
        (self.file, self.text) = (file, text)
        lineStarts = text.contains("!") ? SourceText.lineStarts(in: text) : []
    }

    private mutating func read() -> Result<YAMLNode, Failure> {
        if let alias = SourceText.aliasAsKey(in: text) {
            return fail(SourceText.location(of: alias, in: text, file: file), "a YAML alias cannot be a key")
        }
        while true {
            do {
                let string = String(String.UnicodeScalarView(text))
                let parser = try Parser(yaml: string, encoding: .utf8)
                // The parser holds the anchors, to which nodes refer weakly.
                return try withExtendedLifetime(parser) {
                    guard let root = try parser.singleRoot() else {
                        return fail(SourceLocation(file: file, line: 1, column: 1), "the file is empty")
                    }
                    let tree = convert(root, depth: 0, fallback: SourceLocation(file: file, line: 1, column: 1))
                    return findings.isEmpty ? .success(tree) : .failure(Failure(findings: Array(Set(findings))))
                }
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let location = SourceLocation(file: file, line: context.mark.line, column: context.mark.column)
                let key = keys.first ?? ""
                if !rename(key, at: location) { return fail(location, "the key `\(key)` is written again further down") }
            } catch let error as YamlError {
                return .failure(Failure(findings: [finding(for: error)]))
            } catch {
                return fail(SourceLocation(file: file, line: 1, column: 1), "not YAML: \(error)")
            }
        }
    }

    private func fail(_ location: SourceLocation, _ message: String) -> Result<YAMLNode, Failure> {
        .failure(Failure(findings: findings + [Finding(.error, at: location, path: "", message)]))
    }

    // MARK: Duplicate keys

    /// Puts a marker of the same length in the place of a key, so that no column moves.
    private mutating func rename(_ key: String, at location: SourceLocation) -> Bool {
        guard duplicates.count < Self.maximumDuplicates, (duplicates.count + 1) * text.count <= Self.maximumRereading, !key.isEmpty,
            duplicates.count > 0 || !text.contains(where: Self.isMarker),
            let marker = Unicode.Scalar(Self.firstMarker + UInt32(duplicates.count)),
            var start = SourceText.index(of: location, in: text)
        else { return false }
        if text[start] == "\"" || text[start] == "'" { start += 1 }
        let scalars = Array(key.unicodeScalars)
        guard start + scalars.count <= text.count, text[start..<(start + scalars.count)].elementsEqual(scalars) else { return false }
        text.replaceSubrange(start..<(start + scalars.count), with: repeatElement(marker, count: scalars.count))
        duplicates.append(key)
        return true
    }

    private static func isMarker(_ scalar: Unicode.Scalar) -> Bool {
        (firstMarker..<(firstMarker + UInt32(maximumDuplicates))).contains(scalar.value)
    }

    /// The key as it was written.
    private func original(_ key: String) -> String {
        guard !duplicates.isEmpty, let first = key.unicodeScalars.first, Self.isMarker(first) else { return key }
        let index = Int(first.value - Self.firstMarker)
        return index < duplicates.count ? duplicates[index] : key
    }

    // MARK: Conversion

    private mutating func convert(_ node: Node, depth: Int, fallback: SourceLocation) -> YAMLNode {
        let location = node.mark.map { SourceLocation(file: file, line: $0.line, column: $0.column) } ?? fallback
        if node.anchor != nil {
            findings.append(
                Finding(.error, at: location, path: "", "YAML anchors and aliases are not accepted: each value stands in one place"))
            return YAMLNode(content: .scalar("", isPlain: true), location: location)
        }
        if let tag = tag(at: location) {
            findings.append(Finding(.error, at: location, path: "", "YAML tags such as `\(Printable.value(tag))` are not accepted"))
            return YAMLNode(content: .scalar("", isPlain: true), location: location)
        }
        guard depth < Self.maximumDepth else {
            findings.append(Finding(.error, at: location, path: "", "nested more than \(Self.maximumDepth) levels deep"))
            return YAMLNode(content: .scalar("", isPlain: true), location: location)
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return YAMLNode(content: .scalar(scalar.string, isPlain: isPlain), location: location)
        case .sequence(let sequence):
            return YAMLNode(
                content: .sequence(sequence.map { convert($0, depth: depth + 1, fallback: location) }), location: location)
        case .mapping(let mapping):
            var entries: [YAMLNode.Entry] = []
            for (key, value) in mapping {
                let keyNode = convert(key, depth: depth + 1, fallback: location)
                let valueNode = convert(value, depth: depth + 1, fallback: keyNode.location)
                guard case .scalar(let text, _) = keyNode.content else {
                    findings.append(Finding(.error, at: keyNode.location, path: "", "a key must be a single word, not a list or a table"))
                    continue
                }
                entries.append(YAMLNode.Entry(key: original(text), keyLocation: keyNode.location, value: valueNode))
            }
            return YAMLNode(content: .mapping(entries), location: location)
        case .alias:
            findings.append(Finding(.error, at: location, path: "", "YAML aliases are not accepted"))
            return YAMLNode(content: .scalar("", isPlain: true), location: location)
        }
    }

    /// The tag that a node begins with; nil where there is none.
    ///
    /// From the text: Yams does not tell a tag that is written from one that it has resolved itself.
    private func tag(at location: SourceLocation) -> String? {
        guard location.line >= 1, location.line <= lineStarts.count else { return nil }
        let index = lineStarts[location.line - 1] + location.column - 1
        guard text.indices.contains(index), text[index] == "!" else { return nil }
        return String(
            String.UnicodeScalarView(text[index...].prefix { !$0.properties.isWhitespace && $0 != "," && $0 != "]" && $0 != "}" }))
    }

    // MARK: Syntax errors

    private func finding(for error: YamlError) -> Finding {
        switch error {
        case .composer(_, let problem, let mark, _) where problem.hasSuffix("another document"):
            let location = SourceLocation(file: file, line: mark.line, column: mark.column)
            return Finding(.error, at: location, path: "", "another YAML document begins here", accepted: "one document")
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let location = SourceLocation(file: file, line: mark.line, column: mark.column)
            let doing = context.map { " \($0.text) from line \($0.mark.line)" } ?? ""
            return Finding(.error, at: location, path: "", "not YAML: \(problem)\(doing)\(hint(at: location))")
        case .reader(let problem, _, _, _):
            return Finding(.error, at: SourceLocation(file: file, line: 1, column: 1), path: "", "not YAML: \(problem)")
        case .memory:
            return Finding(.error, at: SourceLocation(file: file, line: 1, column: 1), path: "", "not YAML: nested too deep")
        default:
            return Finding(.error, at: SourceLocation(file: file, line: 1, column: 1), path: "", "not YAML: \(error)")
        }
    }

    private func hint(at location: SourceLocation) -> String {
        guard let index = SourceText.index(of: location, in: text) else { return "" }
        let candidates = [index, index - 1].filter { text.indices.contains($0) }.map { text[$0] }
        if candidates.contains("*") { return "; a value that begins with `*` needs quotes: \"*\"" }
        switch candidates.first {
        case "\t": return "; a tab is not accepted as indentation"
        case "@", "`", "%", "&", "!": return "; a value that begins with `\(text[index])` needs quotes"
        default: return ""
        }
    }
}
