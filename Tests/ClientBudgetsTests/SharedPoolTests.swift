import ClientBudgets
import MailVocabulary
import Testing
import Topology

@Suite("Pools that all client networks share")
struct SharedPoolTests {
    private func network(_ text: String) throws -> ClientNetwork { ClientNetwork(try #require(IPAddress(parsing: text))) }

    private func pool(_ capacity: Int, _ budgets: BudgetSettings = BudgetSettings(share: 50)) -> SharedPool<Int> {
        SharedPool(capacity: capacity, budgets: budgets, protection: .seconds(1))
    }

    @Test("a network is an IPv4 address or the /64 of an IPv6 address")
    func networks() throws {
        #expect(try network("2001:db8:0:1::1") == network("2001:db8:0:1:ffff::"))
        #expect(try network("2001:db8:0:1::1") != network("2001:db8:0:2::1"))
        #expect(try network("192.0.2.1") != network("192.0.2.2"))
        #expect(try network("::ffff:192.0.2.1") == network("192.0.2.1"))
        #expect(try "\(network("2001:db8::1"))" == "2001:db8::/64")
    }

    @Test("one network gets its share and leaves the rest to others")
    func share() throws {
        var pool = pool(4)
        let (one, other) = (try network("192.0.2.1"), try network("192.0.2.2"))
        #expect(pool.admit(1, from: one, at: .zero) == .admitted && pool.admit(2, from: one, at: .zero) == .admitted)
        #expect(pool.admit(3, from: one, at: .seconds(9)) == .networkIsOverLimit(2))
        #expect(pool.admit(3, from: other, at: .zero) == .admitted)
        pool.remove(1)
        #expect(pool.admit(4, from: one, at: .zero) == .admitted && pool.count == 3)
    }

    @Test("the networks of one /48 get four shares together")
    func site() throws {
        var pool = pool(20, BudgetSettings(share: 10))
        let admissions = try (0..<6).map { pool.admit($0, from: try network("2001:db8:0:\($0)::1"), at: .zero) }
        // The share of one network is 2: 8 for a site.
        #expect(admissions.allSatisfy { $0 == .admitted })
        let more = try (6..<12).map { pool.admit($0, from: try network("2001:db8:0:\($0)::1"), at: .zero) }
        #expect(more == [.admitted, .admitted] + Array(repeating: .networkIsOverLimit(8), count: 4))
        #expect(pool.admit(99, from: try network("2001:db8:1::1"), at: .zero) == .admitted)
    }

    @Test("a full pool takes back what has been idle longest, and nothing that was used just now")
    func idle() throws {
        var pool = pool(2)
        #expect(pool.admit(1, from: try network("192.0.2.1"), at: .zero) == .admitted)
        #expect(pool.admit(2, from: try network("192.0.2.2"), at: .milliseconds(100)) == .admitted)
        pool.used(1, at: .milliseconds(800))
        #expect(pool.admit(3, from: try network("192.0.2.3"), at: .milliseconds(900)) == .full)
        #expect(pool.admit(3, from: try network("192.0.2.3"), at: .milliseconds(1100)) == .admittedInPlaceOf(2))
        #expect(!pool.contains(2) && pool.contains(1) && pool.count == 2)
        #expect(try pool.held(by: network("192.0.2.2")) == 0 && pool.held(by: network("192.0.2.3")) == 1)
    }

    @Test("a network over its limit pushes nobody out")
    func overLimit() throws {
        var pool = SharedPool<Int>(capacity: 2, limitPerNetwork: 1, budgets: BudgetSettings(), protection: .zero)
        #expect(pool.admit(1, from: try network("192.0.2.1"), at: .zero) == .admitted)
        #expect(pool.admit(2, from: try network("192.0.2.2"), at: .zero) == .admitted)
        #expect(pool.admit(3, from: try network("192.0.2.2"), at: .seconds(9)) == .networkIsOverLimit(1))
        #expect(pool.contains(1) && pool.contains(2))
    }

    @Test("exempt networks have no limit of their own, larger ones a multiple")
    func exceptions() throws {
        let subnet = try #require(Subnet(parsing: "192.0.2.0/24"))
        let wider = try #require(Subnet(parsing: "192.0.0.0/16"))
        let inner = try #require(Subnet(parsing: "10.0.0.0/8"))
        let budgets = BudgetSettings(share: 10, exempt: [inner], larger: [.init(wider, factor: 9), .init(subnet, factor: 3)])
        let shares = NetworkShares(shareOf: 100, budgets: budgets)
        #expect(try shares.limit(of: network("192.0.2.7")) == 30, "the most specific entry counts")
        #expect(try shares.limit(of: network("192.0.3.7")) == 90)
        #expect(try shares.limit(of: network("10.1.2.3")) == nil)
        #expect(try shares.limit(of: network("198.51.100.1")) == 10)
        #expect(try NetworkShares(shareOf: 100, budgets: BudgetSettings(share: nil)).limit(of: network("192.0.2.1")) == nil)
        #expect(try NetworkShares(shareOf: 3, budgets: BudgetSettings()).limit(of: network("127.0.0.1")) == 1, "loopback is not exempt")
    }

    @Test("what is given back more often than it was taken counts as all of it, and empty networks leave no trace")
    func balance() throws {
        var shares = NetworkShares(limit: 5, budgets: BudgetSettings())
        let one = try network("2001:db8::1")
        #expect(shares.take(5, by: one) == .granted && shares.take(by: one) == .overLimit(5))
        shares.give(back: 9, by: one)
        #expect(shares.held(by: one) == 0 && shares.total == 0)
        #expect(shares.take(5, by: one).isGranted)
    }

    @Test("members stay when the settings change, and count under the new ones")
    func settings() throws {
        var pool = pool(4)
        let one = try network("192.0.2.1")
        _ = pool.admit(1, from: one, at: .zero)
        _ = pool.admit(2, from: one, at: .zero)
        var smaller = SharedPool(pool, capacity: 1, limitPerNetwork: 1, budgets: BudgetSettings())
        #expect(smaller.count == 2 && smaller.admit(3, from: one, at: .seconds(9)) == .networkIsOverLimit(1))
        smaller.remove(1)
        smaller.remove(2)
        #expect(smaller.admit(3, from: one, at: .seconds(9)) == .admitted)
    }

    @Test("a table forgets what was set longest ago")
    func table() {
        var table = BoundedTable<Int, Int>(capacity: 3)
        for key in 1...3 { table.set(key, for: key) }
        table.set(10, for: 1)
        #expect(table.oldestEntry?.key == 2)
        table.set(4, for: 4)
        #expect((1...4).map { table.value($0) } == [10, nil, 3, 4])
        table.remove(3)
        table.set(5, for: 5)
        table.set(6, for: 6)
        #expect((1...6).map { table.value($0) } == [nil, nil, nil, 4, 5, 6] && table.count == 3)
    }
}
