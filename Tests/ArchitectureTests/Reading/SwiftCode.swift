/// Swift source without its comments, and without what its string literals say. Line numbers stay what they were.
struct SwiftCode {
    /// The text that is left: comments and, where asked for, the contents of literals are spaces.
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// - Parameter keepingLiterals: leaves what string literals say, for a reader that needs it.
    init(_ source: String, keepingLiterals: Bool = false) {
        var scanner = Scanner(source: Array(source.utf8), keepsLiterals: keepingLiterals)
        scanner.scan()
        text = String(decoding: scanner.output, as: UTF8.self)
    }

    private struct Scanner {
        /// What the scanner is in the middle of.
        enum Context {
            /// Code within `\(…)`, with the parentheses that are open in it.
            case interpolation(open: Int)
            case literal(quotes: Int, hashes: Int)
        }

        let source: [UInt8]
        let keepsLiterals: Bool
        var output: [UInt8] = []
        var position = 0
        var contexts: [Context] = []

        init(source: [UInt8], keepsLiterals: Bool) {
            (self.source, self.keepsLiterals) = (source, keepsLiterals)
            output.reserveCapacity(source.count)
        }

        mutating func scan() {
            while position < source.count {
                if case .literal(let quotes, let hashes)? = contexts.last {
                    scanLiteral(quotes: quotes, hashes: hashes)
                } else {
                    scanCode()
                }
            }
        }

        private mutating func scanCode() {
            if starts(with: "//") {
                while position < source.count, source[position] != UInt8(ascii: "\n") { blank() }
            } else if starts(with: "/*") {
                skipBlockComment()
            } else if let (quotes, hashes) = openingOfLiteral() {
                for _ in 0..<(quotes + hashes) { keep() }
                contexts.append(.literal(quotes: quotes, hashes: hashes))
            } else {
                if case .interpolation(let open)? = contexts.last {
                    if source[position] == UInt8(ascii: "(") { contexts[contexts.count - 1] = .interpolation(open: open + 1) }
                    if source[position] == UInt8(ascii: ")") {
                        contexts.removeLast()
                        if open > 1 { contexts.append(.interpolation(open: open - 1)) }
                    }
                }
                keep()
            }
        }

        private mutating func scanLiteral(quotes: Int, hashes: Int) {
            let end = String(repeating: "\"", count: quotes) + String(repeating: "#", count: hashes)
            let escape = "\\" + String(repeating: "#", count: hashes)
            if starts(with: end) || (quotes == 1 && source[position] == UInt8(ascii: "\n")) {
                contexts.removeLast()
                for _ in 0..<(source[position] == UInt8(ascii: "\n") ? 1 : end.utf8.count) { keep() }
            } else if starts(with: escape + "(") {
                for _ in 0..<(escape.utf8.count + 1) { keep() }
                contexts.append(.interpolation(open: 1))
            } else if starts(with: escape) {
                for _ in 0..<(escape.utf8.count + 1) where position < source.count { literal() }
            } else {
                literal()
            }
        }

        private mutating func skipBlockComment() {
            var depth = 0
            repeat {
                if starts(with: "/*") {
                    depth += 1
                    blank()
                } else if starts(with: "*/") {
                    depth -= 1
                    blank()
                }
                if position < source.count { blank() }
            } while depth > 0 && position < source.count
        }

        private func openingOfLiteral() -> (quotes: Int, hashes: Int)? {
            var hashes = 0
            while position + hashes < source.count, source[position + hashes] == UInt8(ascii: "#") { hashes += 1 }
            let quote = position + hashes
            guard quote < source.count, source[quote] == UInt8(ascii: "\"") else { return nil }
            let isMultiline = source[quote...].starts(with: "\"\"\"".utf8)
            return (isMultiline ? 3 : 1, hashes)
        }

        private func starts(with text: String) -> Bool { source[position...].starts(with: text.utf8) }

        private mutating func keep() {
            guard position < source.count else { return }
            output.append(source[position])
            position += 1
        }

        private mutating func literal() { if keepsLiterals { keep() } else { blank() } }

        private mutating func blank() {
            output.append(source[position] == UInt8(ascii: "\n") ? source[position] : UInt8(ascii: " "))
            position += 1
        }
    }
}
