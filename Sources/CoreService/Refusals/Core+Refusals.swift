import CoreLink
import MailVocabulary
import Routing
import Topology

extension Core {
    /// A front end refused somebody by a rule of its virtual server. Of a server or rule that this configuration does not have nothing
    /// is kept: the front end may have the one before.
    func note(_ refused: SessionRefusal, isSubmission: Bool) {
        let facts = refused.facts
        guard let server = topology.virtualServer(named: facts.virtualServer), server.isEdge != isSubmission,
            let rule = RefusalRule(refused.rule, of: server, in: routing.installation)
        else { return }
        // Its size is bounded here: a front end that was taken over says what it likes.
        let words = refused.reply.lines.first.map { String($0.unicodeScalars.prefix(Self.mostScalarsOfReply)) } ?? ""
        refusals.note(
            RefusalLog.Record(
                time: .now(), origin: MailOrigin(facts, isSubmission: isSubmission), reversePath: refused.reversePath, code: rule.code,
                reply: Reply(refused.reply.code, refused.reply.status, words)), count: Int(refused.count))
    }

    private static let mostScalarsOfReply = 512
}
