/// A place in a configuration file: what a decision cites as its reason (law 4).
public struct SourceLocation: Hashable, Sendable {
    /// The file as it was named when it was read.
    public let file: String
    /// Counted from 1; 0 where the value is not written anywhere.
    public let line: Int
    /// Counted from 1, in characters.
    public let column: Int

    public init(file: String, line: Int, column: Int) { (self.file, self.line, self.column) = (file, line, column) }

    /// Of a value that no file states: a default, or one made by hand.
    public static let builtIn = SourceLocation(file: "", line: 0, column: 0)
}

extension SourceLocation: CustomStringConvertible {
    /// `file:line:column`, as compilers write it.
    public var description: String { line == 0 ? "(built in)" : "\(file):\(line):\(column)" }
}

extension SourceLocation: Comparable {
    public static func < (left: SourceLocation, right: SourceLocation) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}
