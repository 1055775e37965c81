/// A table with fixed keys.
struct TableModel: Sendable {
    let keys: [Key]
    /// Of each group exactly one key is written.
    let exactlyOne: [[String]]
    /// Keys that people write here, and that belong elsewhere: key to sentence.
    let misplaced: [String: String]

    init(_ keys: [Key], exactlyOne: [[String]] = [], misplaced: [String: String] = [:]) {
        (self.keys, self.exactlyOne, self.misplaced) = (keys, exactlyOne, misplaced)
    }

    func key(_ name: String) -> Key? { keys.first { $0.name == name } }
}
