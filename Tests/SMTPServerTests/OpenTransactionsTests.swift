import MailVocabulary
import NIOCore
import NIOEmbedded
import Testing
import Topology

@testable import SMTPServer

@Suite("Kind: no client network empties the transactions that all share")
struct OpenTransactionsTests {
    @Test("a network gets its share of the open transactions; what ends makes room for more of it")
    func share() throws {
        let open = OpenTransactions(
            in: OpenTransactions.pool(capacity: 20, budgets: BudgetSettings(share: 10)), on: EmbeddedEventLoop())
        let (one, other) = (IPAddress(ipv4: 0x0A00_0001), IPAddress(ipv4: 0x0A00_0002))
        let admitted = (0..<1000).compactMap { _ in open.began(from: one) {} }
        #expect(admitted.count == 2)
        #expect(open.began(from: other) {} != nil)
        open.ended(admitted[0])
        #expect(open.began(from: one) {} != nil)
    }

    @Test("what was used just now does not make room for another, so that a full pool refuses rather than thrash")
    func protected() throws {
        let open = OpenTransactions(
            in: OpenTransactions.pool(capacity: 2, budgets: BudgetSettings(share: nil)), on: EmbeddedEventLoop())
        var ended = 0
        #expect(open.began(from: IPAddress(ipv4: 1)) { ended += 1 } != nil)
        #expect(open.began(from: IPAddress(ipv4: 2)) { ended += 1 } != nil)
        #expect(open.began(from: IPAddress(ipv4: 3)) { ended += 1 } == nil)
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
