import NIOCore
import Testing

@testable import MessageQueue

@Suite("How many connections a next hop may have by what it does with them")
struct HopConcurrencyTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func grown(by successes: Int, limit: Int? = 100) -> HopConcurrency {
        var hop = HopConcurrency()
        for _ in 0..<successes { hop.progressed(at: Self.start, after: .milliseconds(20), limit: limit) }
        return hop
    }

    @Test("one until it has answered, then one more for each success, up to the limit")
    func grows() {
        #expect(HopConcurrency().window == 1)
        #expect(!HopConcurrency().isMakingProgress)
        #expect(grown(by: 1).window == 2)
        #expect(grown(by: 7).window == 8)
        #expect(grown(by: 500).window == 100)
        #expect(grown(by: 500, limit: 1).window == 1)
        #expect(grown(by: 500, limit: nil).window == 501)
    }

    @Test("when all of its connections bring success it has twice as many after each round: a hundred after seven")
    func rounds() {
        var hop = HopConcurrency()
        var rounds = 0
        while hop.window < 100 {
            for _ in 0..<hop.window { hop.progressed(at: Self.start, after: .milliseconds(20), limit: 100) }
            rounds += 1
        }
        #expect(rounds == 7)
    }

    @Test("one fewer for each lease that is put off as a whole, never none")
    func refuses() {
        var hop = grown(by: 3)
        hop.deferredAll()
        #expect(hop.window == 3)
        for _ in 0..<10 { hop.deferredAll() }
        #expect(hop.window == 1)
        #expect(hop.isMakingProgress)
    }

    @Test("a connection that fails while others stand leaves it those; where none stands it begins anew")
    func notReached() {
        var hop = grown(by: 99)
        hop.notReached(others: 3)
        #expect(hop.window == 3)
        hop.notReached(others: 70)
        #expect(hop.window == 3)
        hop = grown(by: 99)
        hop.notReached(others: 0)
        #expect(hop == HopConcurrency())
    }

    @Test("a host that allows few connections is asked for one more only after many successes, and never gets fewer than it allows")
    func fewAllowed() {
        var hop = grown(by: 5)
        hop.notReached(others: 3)
        var trials = 0
        for _ in 0..<200 {
            hop.progressed(at: Self.start, after: .milliseconds(20), limit: 100)
            guard hop.window > 3 else { continue }
            trials += 1
            hop.notReached(others: 3)
            #expect(hop.window == 3)
        }
        #expect(trials == 200 / (3 * HopConcurrency.successesPerTrial))
        // One that allows more by and by gets more.
        for _ in 0..<1000 { hop.progressed(at: Self.start, after: .milliseconds(20), limit: 100) }
        #expect(hop.window > 10)
    }

    @Test("progress counts for a minute")
    func memory() {
        var hop = grown(by: 5)
        hop.passed(now: Self.start + .seconds(60))
        #expect(hop.isMakingProgress)
        hop.passed(now: Self.start + .seconds(61))
        #expect(!hop.isMakingProgress)
        #expect(hop.window == 6)
        hop.progressed(at: Self.start + .seconds(70), after: .seconds(1), limit: 100)
        #expect(hop.isMakingProgress)
    }

    @Test("who takes its time with every message gets a handful of connections, and does not count as making progress")
    func slow() {
        var hop = HopConcurrency()
        for _ in 0..<100 { hop.progressed(at: Self.start, after: .seconds(31), limit: 100) }
        #expect(hop.window == HopConcurrency.mostWhenSlow)
        #expect(!hop.isMakingProgress)
        // One that is quick as a rule keeps what it has when it is slow once.
        hop = grown(by: 50)
        hop.progressed(at: Self.start, after: .seconds(300), limit: 100)
        #expect(hop.window == 51)
    }
}
