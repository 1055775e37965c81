/// The targets of a Package.swift, read from its text: asking the package manager would wait for the lock that `swift test` holds.
///
/// Understands what this package uses: a literal list of targets, each with literal lists. Anything else is an error, not a gap.
struct PackageManifest {
    struct Target: Hashable {
        enum Kind: String { case target, executableTarget, systemLibrary, testTarget }

        let name: String
        let kind: Kind
        /// Targets of this package that it declares as dependencies.
        let dependencies: Set<String>
        /// Relative to the package's folder.
        let folder: String
    }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    let targets: [Target]

    init(_ source: String) throws {
        let code = SwiftCode(source, keepingLiterals: true).text
        guard let call = code.firstRange(of: "= Package("),
            let end = Self.endOfBrackets(in: code, from: code.index(before: call.upperBound))
        else { throw Unreadable(description: "Package.swift has no `= Package(…)`") }
        let arguments = Self.labelled(Self.elements(of: code[call.upperBound..<end]))
        guard let list = arguments["targets"] else { throw Unreadable(description: "Package.swift names no targets") }
        targets = try Self.list(list, of: "targets").map(Self.target)
    }

    private static func target(_ text: String) throws -> Target {
        guard text.hasPrefix("."), let bracket = text.firstIndex(of: "("), text.hasSuffix(")"),
            let kind = Target.Kind(rawValue: String(text[text.index(after: text.startIndex)..<bracket]))
        else { throw Unreadable(description: "Package.swift: not a target: \(text.prefix(80))") }
        let arguments = labelled(elements(of: text[text.index(after: bracket)..<text.index(before: text.endIndex)]))
        guard let name = arguments["name"].flatMap(literal) else {
            throw Unreadable(description: "Package.swift: a target whose name is no literal: \(text.prefix(80))")
        }
        let dependencies = try arguments["dependencies"].map { try list($0, of: "\(name)'s dependencies").compactMap(ownTarget) } ?? []
        let folder = arguments["path"].flatMap(literal) ?? (kind == .testTarget ? "Tests/\(name)" : "Sources/\(name)")
        return Target(name: name, kind: kind, dependencies: Set(dependencies), folder: folder)
    }

    /// The target of this package that an element of `dependencies` names; nil for a product of another one.
    private static func ownTarget(_ text: String) -> String? {
        if let name = literal(text) { return name }
        for opening in [".target(", ".byName("] where text.hasPrefix(opening) && text.hasSuffix(")") {
            return labelled(elements(of: text.dropFirst(opening.count).dropLast()))["name"].flatMap(literal)
        }
        return nil
    }

    // MARK: Pieces of Swift

    private static func list(_ text: String, of what: String) throws -> [String] {
        guard text.hasPrefix("["), let end = endOfBrackets(in: text, from: text.startIndex), text.index(after: end) == text.endIndex else {
            throw Unreadable(description: "Package.swift: \(what) must be one literal list, so that it can be read: \(text.prefix(80))")
        }
        return elements(of: text[text.index(after: text.startIndex)..<end])
    }

    private static func literal(_ text: String) -> String? {
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
        let content = text.dropFirst().dropLast()
        return content.contains("\"") || content.contains("\\") ? nil : String(content)
    }

    private static func labelled(_ elements: [String]) -> [String: String] {
        Dictionary(
            elements.compactMap { element in
                guard let colon = element.firstIndex(of: ":") else { return nil }
                let label = element[..<colon].trimmed
                guard !label.isEmpty, label.allSatisfy({ $0.isLetter || $0 == "_" }) else { return nil }
                return (label, element[element.index(after: colon)...].trimmed)
            }
        ) { first, _ in first }
    }

    /// What stands between the commas that are in no bracket and no literal.
    private static func elements(of text: some StringProtocol) -> [String] {
        var elements: [String] = []
        var current = ""
        var depth = 0
        var isInLiteral = false
        for character in text {
            if character == "\"" { isInLiteral.toggle() }
            if !isInLiteral {
                if "([{".contains(character) { depth += 1 }
                if ")]}".contains(character) { depth -= 1 }
                if character == ",", depth == 0 {
                    elements.append(current.trimmed)
                    current = ""
                    continue
                }
            }
            current.append(character)
        }
        return (elements + [current.trimmed]).filter { !$0.isEmpty }
    }

    /// Where the bracket closes that opens at `start`.
    private static func endOfBrackets(in text: String, from start: String.Index) -> String.Index? {
        var depth = 0
        var isInLiteral = false
        var index = start
        while index < text.endIndex {
            let character = text[index]
            if character == "\"" { isInLiteral.toggle() }
            if !isInLiteral {
                if "([{".contains(character) { depth += 1 }
                if ")]}".contains(character) {
                    depth -= 1
                    if depth == 0 { return index }
                }
            }
            index = text.index(after: index)
        }
        return nil
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
