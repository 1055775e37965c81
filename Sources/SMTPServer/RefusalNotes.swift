import CoreLink
import MailVocabulary

/// Tells the core what the virtual servers refused by themselves to clients of one event loop, for `postern explain refusal`. Confined to that
/// loop.
///
/// Nobody waits for it. While one note is on its way, later ones of a rule become one with a count: a flood of refusals costs one
/// connection to the core, and as many octets as there are rules. While the core is away they are lost, as its own counts are.
public final class RefusalNotes {
    private struct Key: Hashable {
        let virtualServer: String
        let rule: SessionRule
    }

    private let pool: any SubmitPool
    private var waiting: [Key: SessionRefusal] = [:]
    private var isTelling = false

    public init(pool: any SubmitPool) { self.pool = pool }

    public func note(_ refusal: SessionRefusal) {
        let key = Key(virtualServer: refusal.facts.virtualServer, rule: refusal.rule)
        let (count, overflow) = refusal.count.addingReportingOverflow(waiting[key]?.count ?? 0)
        waiting[key] = SessionRefusal(
            rule: refusal.rule, facts: refusal.facts, reversePath: refusal.reversePath, reply: refusal.reply,
            count: overflow ? .max : count)
        tell()
    }

    private func tell() {
        guard !isTelling else { return }
        isTelling = true
        pool.acquireConnection { [self] result in
            isTelling = false
            let refusals = waiting.values
            waiting = [:]
            guard case .success(let connection) = result else { return }
            for refusal in refusals { connection.send(.refused(refusal)) }
            connection.flush()
            connection.release()
        }
    }
}
