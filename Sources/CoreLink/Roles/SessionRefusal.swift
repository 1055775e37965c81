import MailVocabulary
import NIOCore

/// What a front end refused by itself, for the core's store of refusals.
///
/// It names a rule of the virtual server, and the core knows its code: a front end that was taken over cannot make up others.
public struct SessionRefusal: Hashable, Sendable {
    public let rule: SessionRule
    public let facts: SessionFacts
    /// nil before `MAIL`, and where that was refused unread.
    public let reversePath: ReversePath?
    /// What the client heard.
    public let reply: Reply
    /// How often, since the last time that the core was told; the rest is of the latest.
    public let count: UInt32

    public init(rule: SessionRule, facts: SessionFacts, reversePath: ReversePath? = nil, reply: Reply, count: UInt32 = 1) {
        (self.rule, self.facts, self.reversePath, self.reply, self.count) = (rule, facts, reversePath, reply, count)
    }
}

extension WireWriter {
    mutating func write(_ refusal: SessionRefusal) {
        write(refusal.rule.rawValue)
        write(refusal.facts)
        write(optional: refusal.reversePath) { $0.write($1) }
        write(refusal.reply)
        write(refusal.count)
    }
}

extension WireReader {
    mutating func sessionRefusal() throws(WireError) -> SessionRefusal {
        guard let rule = SessionRule(rawValue: try integer()) else { throw .invalid("rule of a session") }
        return SessionRefusal(
            rule: rule, facts: try sessionFacts(), reversePath: try optional { reader throws(WireError) in try reader.reversePath() },
            reply: try reply(), count: try integer())
    }
}
