import MailVocabulary
import Testing
import Topology

@testable import CoreService

@Suite("Final addresses of all open transactions")
struct OpenFinalAddressesTests {
    private func network(_ text: String) -> ClientNetwork { ClientNetwork(IPAddress(parsing: text)!) }

    /// Whether each of these gets so many, one after the other.
    private func takes(_ open: inout OpenFinalAddresses, _ wanted: [(Int, String)]) -> [Bool] {
        wanted.map { count, client in open.take(count, by: network(client)) }
    }

    @Test("one network has its share, a /48 four of them, all together no more than there are; what is given back is free again")
    func bounds() {
        var open = OpenFinalAddresses(capacity: 100, budgets: BudgetSettings())
        #expect(takes(&open, [(10, "192.0.2.1"), (1, "192.0.2.1")]) == [true, false])
        let site = (0..<5).map { (10, "2001:db8:0:\($0)::1") }
        #expect(takes(&open, site) == [true, true, true, true, false])
        #expect(takes(&open, (2..<8).map { (10, "192.0.2.\($0)") }) == [true, true, true, true, true, false])
        #expect(open.total == 100)
        open.give(back: 10, by: network("192.0.2.1"))
        #expect(open.total == 90)
        #expect(takes(&open, [(1, "192.0.2.9"), (10, "192.0.2.9")]) == [true, false])
    }

    @Test("as many as one message may have fit into the share that a network has by itself")
    func oneMessage() {
        var open = OpenFinalAddresses(budgets: BudgetSettings())
        #expect(takes(&open, [(TooManyRecipients.mostFinalRecipients, "192.0.2.1"), (1, "192.0.2.1")]) == [true, false])
    }

    @Test("after a reload what is taken goes on to count, under the new share")
    func reload() {
        var open = OpenFinalAddresses(capacity: 100, budgets: BudgetSettings())
        #expect(takes(&open, [(10, "192.0.2.1"), (1, "192.0.2.1")]) == [true, false])
        open.adopt(BudgetSettings(share: 20))
        #expect(takes(&open, [(10, "192.0.2.1"), (1, "192.0.2.1")]) == [true, false])
        #expect(open.total == 20)
    }
}
