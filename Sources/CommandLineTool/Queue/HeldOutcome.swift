/// What became of one message that was to be released or deleted, in words.
struct HeldOutcome {
    let id: String
    let isAbsent: Bool
    private let counts: [String: Int]
    private let reason: String

    init(_ row: Row) {
        (id, isAbsent, reason) = (row.text("id"), row.flag("absent"), row.text("reason"))
        counts = Dictionary(
            ["released", "refused", "reported", "deleted", "under_way"].map { ($0, row.number($0)) },
            uniquingKeysWith: { first, _ in first })
    }

    private func count(_ name: String) -> Int { counts[name] ?? 0 }

    /// Something was to be done to it and was not.
    var stays: Bool { count("refused") > 0 || count("under_way") > 0 }

    private static func recipients(_ count: Int) -> String { Plural.text(count, "recipient") }

    /// After `postern queue release`.
    var released: String {
        if isAbsent { return "\(id): not in the queue" }
        var parts: [String] = []
        if count("released") > 0 { parts.append("released \(Self.recipients(count("released")))") }
        if count("refused") > 0 { parts.append("\(Self.recipients(count("refused"))) still refused and held: \(reason)") }
        if count("reported") > 0 { parts.append("\(Self.recipients(count("reported"))) refused; the sender is told") }
        return "\(id): \(parts.isEmpty ? "nothing of it is held" : parts.joined(separator: "; "))"
    }

    /// After `postern queue delete`.
    var deleted: String {
        if isAbsent { return "\(id): not in the queue" }
        var parts: [String] = []
        if count("deleted") > 0 { parts.append("deleted \(Self.recipients(count("deleted")))") }
        if count("under_way") > 0 {
            let isOne = count("under_way") == 1
            parts.append(
                "\(Self.recipients(count("under_way"))) \(isOne ? "is" : "are") being delivered now and \(isOne ? "stays" : "stay")")
        }
        return "\(id): \(parts.isEmpty ? "nothing is left of it" : parts.joined(separator: "; "))"
    }
}
