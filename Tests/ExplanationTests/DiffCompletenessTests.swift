import Foundation
import MailVocabulary
import Routing
import Testing
import Topology

@testable import Explanation

/// Random configurations and random envelopes: what is answered differently is in the list, in words that are true of the envelope.
///
/// `POSTERN_DIFF_PAIRS` pairs are made (400 unless it is set), `POSTERN_DIFF_SEED` is the first of them.
@Suite("Whatever explain route answers differently, diff mentions")
struct DiffCompletenessTests {
    private static let pairs = number("POSTERN_DIFF_PAIRS") ?? 400
    private static let seed = number("POSTERN_DIFF_SEED") ?? 0
    private static let questions = 12

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    @Test("the kind 'diff is complete': servers, relay, connectors, permissions and domains at random")
    func complete() throws {
        var (different, mentioned, quiet) = (0, 0, 0)
        for seed in Self.seed..<(Self.seed + Self.pairs) {
            var random = DiffWorld.Generator(state: UInt64(seed) &* 0x1000)
            let (old, new) = DiffWorld.pair(&random)
            let tables = [RoutingTable(old), RoutingTable(new)]
            var found: TopologyDiff?
            for _ in 0..<Self.questions {
                let question = DiffQuestion(&random)
                let (before, after) = (question.answer(by: old, tables[0]), question.answer(by: new, tables[1]))
                if before == after { continue }
                different += 1
                let diff = try found ?? TopologyDiff(from: old, to: new, now: Timestamp(seconds: 0))
                found = diff
                if question.isMentioned(in: diff, [old, new], tables, before: before, after: after) {
                    mentioned += 1
                    continue
                }
                Issue.record(
                    """
                    seed \(seed): \(question)
                    - \(before ?? "nobody")
                    + \(after ?? "nobody")
                    \(diff.settings.map(\.what))
                    \(diff.changes.map { "\($0.servers) \($0.recipients) \($0.nature) \($0.senders): - \($0.before.outcome) \($0.before.rule) + \($0.after.outcome) \($0.after.rule)" }.joined(separator: "\n"))
                    """)
            }
            if found == nil { quiet += 1 }
        }
        print(
            "\(Self.pairs) pairs: \(different) envelopes answered differently, \(mentioned) of them mentioned; \(quiet) pairs without any")
        #expect(different > Self.pairs / 4, "\(different) of \(Self.pairs)")
    }
}
