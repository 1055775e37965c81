import Directory
import MailVocabulary

/// Where mail for one address of ours goes in the end, as a tree.
public struct RecipientTree: Hashable, Sendable {
    private let expansion: Expansion

    public init(_ expansion: Expansion) { self.expansion = expansion }

    /// A line for each address, indented below what leads there; an address that is reached twice stands where it is reached first.
    public var lines: [String] {
        let children = Dictionary(grouping: expansion.trace.filter { $0.via != nil }) { $0.via.map { AddressKey($0) } }
        var lines: [String] = []
        var open = expansion.trace.filter { $0.via == nil }.map { (step: $0, depth: 0) }
        while let (step, depth) = open.popLast() {
            lines.append(String(repeating: "  ", count: depth) + "\(step.address)  \(Self.word(step.outcome))")
            let below = children[AddressKey(step.address)] ?? []
            // A mailbox leads nowhere, also where it has the name of what led to it.
            if Self.leads(step.outcome) { open += below.reversed().map { ($0, depth + 1) } }
        }
        if expansion.trace.count >= Expansion.maximumTrace { lines.append("… and more: of so many, the first \(lines.count) are shown") }
        for problem in expansion.problems { lines.append("left out: \(problem)") }
        let reached = expansion.mailboxes.count + expansion.outside.count
        if lines.count > 1 { lines.append(reached == 1 ? "1 address gets it" : "\(reached) addresses get it") }
        return lines
    }

    private static func leads(_ outcome: Expansion.Step.Outcome) -> Bool {
        switch outcome {
        case .alias, .group: true
        case .mailbox, .outside, .problem: false
        }
    }

    private static func word(_ outcome: Expansion.Step.Outcome) -> String {
        switch outcome {
        case .mailbox: "mailbox"
        case .alias(1): "alias"
        case .alias(let count): "alias for \(count)"
        case .group(1): "group of one member"
        case .group(let count): "group of \(count) members"
        case .outside: "outside"
        case .problem: "gets nothing"
        }
    }
}
