import MailVocabulary
import Testing

@testable import Routing

@Suite("What is decided at MAIL")
struct SenderTests {
    @Test(
        "the sender is one of the account's addresses, none, or one that `send_as` grants",
        arguments: [
            ("clients anna", "anna@school.example", nil), ("clients anna", "Anna+news@School.Example", nil),
            ("clients anna", "a.smith@school.example", nil), ("clients anna", "<>", nil), ("clients anna", "office@school.example", nil),
            ("clients sam", "office@school.example", "office@school.example"),
            ("clients sam", "anna@school.example", "anna@school.example"),
            ("clients sam", "sam@far.example", "sam@far.example"), ("printers", "anything@far.example", nil),
        ] as [(String, String, String?)])
    func sender(via: String, from: String, refused: String?) throws {
        guard case .submission(let session) = World.origin(via) else { return }
        let path: ReversePath = from == "<>" ? .null : .address(Sketch.address(from))
        let verdict = World.table.decideSender(session, reversePath: path, directory: World.directory())
        #expect((verdict.refusal == nil) == (refused == nil), "\(verdict.trace)")
        if let refused {
            let account = try #require(session.account)
            #expect(verdict.refusal?.words == "550 5.7.1 You may not send as \(refused): it is no address of the account \(account)")
        }
        #expect(!verdict.trace.steps.isEmpty)
    }

    @Test("rule 0: whoever is not logged in is refused where the server takes nothing without, at MAIL and in the decision alike")
    func session() throws {
        for (via, reply) in [("clients", "530 5.7.0 Authentication required"), ("printers", nil), ("clients sam", nil)] {
            guard case .submission(let session) = World.origin(via) else { return }
            let verdict = World.table.decideSession(session)
            #expect(verdict.refusal?.words == reply)
            let decision = World.table.decide(World.facts(via, to: "anna@school.example"), directory: World.directory())
            #expect((decision.refusal?.code == verdict.refusal?.code) == (reply != nil || decision.refusal == nil))
        }
    }
}
