import MailVocabulary
import Topology

/// A value of the file after its shape was checked against the model.
///
/// What was wrong with it has been reported; it is then `.invalid`, and whoever reads it goes on with the default.
struct Value {
    struct Entry {
        let key: String
        let keyLocation: SourceLocation
        let value: Value
    }

    enum Content {
        case text(String)
        case boolean(Bool)
        case integer(Int)
        case duration(Duration)
        case size(ByteCount)
        /// The word `none` where a limit, a time or a size is expected.
        case none
        case list([Value])
        /// No key twice.
        case table([Entry])
        case invalid
    }

    let content: Content
    let location: SourceLocation
    let path: String
    /// Where each key of a large table stands. The checks ask for every connector by its name: without it thousands of them would take the
    /// square of their number.
    private let places: [String: Int]

    init(content: Content, location: SourceLocation, path: String) {
        (self.content, self.location, self.path) = (content, location, path)
        if case .table(let entries) = content, entries.count > Self.largestSearched {
            places = Dictionary(entries.enumerated().map { ($1.key, $0) }) { first, _ in first }
        } else {
            places = [:]
        }
    }

    /// Entries of a table that is searched from its begin.
    private static let largestSearched = 16

    subscript(key: String) -> Value? { entry(key)?.value }

    func entry(_ key: String) -> Entry? {
        guard places.isEmpty else { return places[key].map { entries[$0] } }
        return entries.first { $0.key == key }
    }

    var entries: [Entry] {
        if case .table(let entries) = content { entries } else { [] }
    }
    var elements: [Value] {
        if case .list(let elements) = content { elements } else { [] }
    }
    var isTable: Bool {
        if case .table = content { true } else { false }
    }
    var text: String? {
        if case .text(let text) = content { text } else { nil }
    }
    var boolean: Bool? {
        if case .boolean(let value) = content { value } else { nil }
    }
    var integer: Int? {
        if case .integer(let value) = content { value } else { nil }
    }
    var duration: Duration? {
        if case .duration(let value) = content { value } else { nil }
    }

    /// What is written, or the default; `none` is nil.
    func limit(default value: Int?) -> Int? {
        switch content {
        case .integer(let number): number
        case .none: nil
        default: value
        }
    }

    /// What is written, or the default; `none` is nil.
    func duration(default value: Duration?) -> Duration? {
        switch content {
        case .duration(let duration): duration
        case .none: nil
        default: value
        }
    }

    /// What is written, or the default; `none` is nil.
    func size(default value: ByteCount?) -> ByteCount? {
        switch content {
        case .size(let size): size
        case .none: nil
        default: value
        }
    }
}

extension Value? {
    func limit(default value: Int?) -> Int? {
        if let self { self.limit(default: value) } else { value }
    }
    func duration(default value: Duration?) -> Duration? {
        if let self { self.duration(default: value) } else { value }
    }
    func size(default value: ByteCount?) -> ByteCount? {
        if let self { self.size(default: value) } else { value }
    }
}
