/// What of the changes that were never synced a power loss leaves. What was synced is always there.
public enum CrashPolicy: Hashable, Sendable {
    /// Nothing of them.
    case nothing
    /// All of them, as after a killed process.
    case everything
    /// The entries of folders, but no content: names appear and disappear, the files behind them are as at their last sync.
    case entriesOnly
    /// The content of files, but no change of an entry.
    case contentOnly
    /// Some of them, which ones the seed decides: a beginning of the sequence or any subset, with writes torn at sectors and sizes
    /// that changed without the data.
    case seeded(UInt64)

    /// The four fixed policies, and `count` seeded ones.
    public static func standard(seeded count: Int = 4, seed: UInt64 = 1) -> [CrashPolicy] {
        [.nothing, .everything, .entriesOnly, .contentOnly] + (0..<UInt64(count)).map { .seeded(seed &+ $0) }
    }
}

/// A policy at one point: what becomes of each change.
struct CrashDecisions {
    private enum Choice {
        case all(content: Bool, entries: Bool)
        case beginning(before: Int)
        case some(probability: Double)
    }

    private let choice: Choice
    private let seed: UInt64

    /// - Parameter pending: the numbers of the first step that is not durable and of the step after the last.
    init(_ policy: CrashPolicy, point: Int, pending: Range<Int>) {
        switch policy {
        case .nothing: (choice, seed) = (.all(content: false, entries: false), 0)
        case .everything: (choice, seed) = (.all(content: true, entries: true), 0)
        case .entriesOnly: (choice, seed) = (.all(content: false, entries: true), 0)
        case .contentOnly: (choice, seed) = (.all(content: true, entries: false), 0)
        case .seeded(let seed):
            var generator = SeededGenerator(seed: seed &* 0x1_0000_0001 &+ UInt64(point))
            switch generator.next(upperBound: 4 as UInt64) {
            case 0: choice = .beginning(before: pending.isEmpty ? 0 : Int.random(in: pending, using: &generator) + 1)
            case 1: choice = .some(probability: 0.1)
            case 2: choice = .some(probability: 0.9)
            default: choice = .some(probability: 0.5)
            }
            self.seed = generator.next()
        }
    }

    private var isSeeded: Bool {
        if case .all = choice { false } else { true }
    }

    private func generator(for step: Int) -> SeededGenerator { SeededGenerator(seed: seed &+ UInt64(step) &* 0xD134_2543_DE82_EF95) }

    private func keeps(_ step: Int) -> Bool {
        switch choice {
        case .all: return false
        case .beginning(let end): return step < end
        case .some(let probability):
            var generator = generator(for: step)
            return generator.fraction() < probability
        }
    }

    func keepsContent(_ step: Int) -> Bool {
        if case .all(let content, _) = choice { content } else { keeps(step) }
    }

    func keepsEntry(_ step: Int) -> Bool {
        if case .all(_, let entries) = choice { entries } else { keeps(step) }
    }

    /// Whether the old name is gone where the new name of a rename is there. No file system that writes a journal forgets the new
    /// name and remembers that the old one is gone.
    func keepsRemovalOfRename(_ step: Int) -> Bool {
        if case .all(_, let entries) = choice { return entries }
        var generator = generator(for: ~step & .max)
        return generator.next() & 1 == 0
    }

    /// The sectors of 512 octets that a kept write loses; nil where it is whole.
    func tear(_ step: Int, sectors: Range<Int>) -> Set<Int>? {
        guard isSeeded else { return nil }
        var generator = generator(for: step ^ 0x5EC7)
        guard generator.next() & 1 == 0 else { return nil }
        return Set(sectors.filter { _ in generator.next() & 1 == 0 })
    }

    /// Whether a write that is lost leaves the file as large as it made it, with zeros.
    func growsWithoutContent(_ step: Int) -> Bool {
        guard isSeeded else { return false }
        var generator = generator(for: step ^ 0x512E)
        return generator.next() & 3 == 0
    }
}
