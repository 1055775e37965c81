/// A number with its noun.
enum Plural {
    /// `1 message`, `2 messages`
    static func text(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
