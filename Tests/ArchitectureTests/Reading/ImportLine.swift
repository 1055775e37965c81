/// One `import` of a source file.
struct ImportLine: Hashable {
    let module: String
    /// Counted from 1.
    let line: Int
    /// `@_exported`: it reaches whoever imports the file's module, unseen.
    let isExported: Bool

    /// The imports of a file: with attributes and access levels, of a module, of a submodule, of one declaration.
    static func all(in source: String) -> [ImportLine] { all(in: SwiftCode(source)) }

    static func all(in code: SwiftCode) -> [ImportLine] {
        code.lines.enumerated().compactMap { index, line in
            var words = line.split { $0 == " " || $0 == "\t" || $0 == ";" || $0 == "\r" }[...]
            var isExported = false
            while let word = words.first, word.hasPrefix("@") || levels.contains(String(word)) {
                if word == "@_exported" { isExported = true }
                words.removeFirst()
            }
            guard words.popFirst() == "import", var path = words.popFirst() else { return nil }
            if kinds.contains(String(path)), let declared = words.popFirst() { path = declared }
            let module = path.prefix { $0 != "." }.filter { $0 != "`" }
            return ImportLine(module: String(module), line: index + 1, isExported: isExported)
        }
    }

    private static let levels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<String> = ["typealias", "struct", "class", "enum", "protocol", "let", "var", "func", "actor"]
}
