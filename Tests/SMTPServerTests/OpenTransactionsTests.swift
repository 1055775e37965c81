import MailVocabulary
import NIOCore
import Testing
import Topology

@testable import SMTPServer

private final class Session {
    var id: ObjectIdentifier { ObjectIdentifier(self) }
}

@Suite("Kind: no client network empties the transactions that all share")
struct OpenTransactionsTests {
    @Test("a network gets its share of the open transactions; what ends makes room for more of it")
    func share() throws {
        let open = OpenTransactions(capacity: 20, budgets: BudgetSettings(share: 10))
        let (one, other) = (IPAddress(ipv4: 0x0A00_0001), IPAddress(ipv4: 0x0A00_0002))
        let sessions = (0..<1000).map { _ in Session() }
        let admitted = sessions.filter { open.began($0.id, from: one) {} }
        #expect(admitted.count == 2)
        let honest = Session()
        #expect(open.began(honest.id, from: other) {})
        open.ended(admitted[0].id)
        #expect(open.began(sessions[5].id, from: one) {})
    }

    @Test("what was used just now does not make room for another, so that a full pool refuses rather than thrash")
    func protected() throws {
        let open = OpenTransactions(capacity: 2, budgets: BudgetSettings(share: nil))
        let sessions = (0..<3).map { _ in Session() }
        var ended = 0
        #expect(open.began(sessions[0].id, from: IPAddress(ipv4: 1)) { ended += 1 })
        #expect(open.began(sessions[1].id, from: IPAddress(ipv4: 2)) { ended += 1 })
        #expect(!open.began(sessions[2].id, from: IPAddress(ipv4: 3)) { ended += 1 })
        #expect(ended == 0)
    }

    @Test("a transaction may take an hour, and a second more for every 512 octets")
    func pace() {
        var pace = TransactionPace()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        #expect(!pace.isTooSlow(at: start + .hours(5)), "none has begun")
        pace.note(contentOctets: 1_000_000)
        pace.began(at: start)
        #expect(!pace.isTooSlow(at: start + .minutes(60)) && pace.isTooSlow(at: start + .minutes(60) + .seconds(1)))
        // A line of 4,096 bits a second: 10 MiB take five hours and forty minutes.
        pace.note(contentOctets: 1_000_000 + 512 * 7200)
        #expect(!pace.isTooSlow(at: start + .hours(3)) && pace.isTooSlow(at: start + .hours(3) + .seconds(1)))
        pace.began(at: start + .hours(4))
        #expect(!pace.isTooSlow(at: start + .hours(5)))
    }
}
