import MailVocabulary
import MessageQueue
import Testing
import Topology

@testable import CoreService

@Suite("Which connectors are down")
struct ConnectorWatchTests {
    private var watch = ConnectorWatch()
    private let start = Timestamp(seconds: 1_795_521_600)
    private let refused = Reply(451, "4.4.1", "Connection refused")

    @discardableResult
    private mutating func fail(_ connector: String = "main", _ hop: String = "h", one: Bool = true, at seconds: Int = 0) -> Timestamp? {
        watch.notReached(
            connector, hop, hasOneNextHop: one, refused, firstPause: .seconds(60), now: start + .seconds(seconds))
    }

    @Test("one next hop that fails three times in a row takes its connector down; an answer between counts anew")
    mutating func oneNextHop() {
        fail()
        fail()
        let wasShort = watch.reached("main")
        #expect(!wasShort)
        #expect(watch.troubles.isEmpty)
        fail()
        fail()
        #expect(watch.states.down.isEmpty)
        let until = fail()
        #expect(until == start + .seconds(60))
        #expect(watch.states.down == ["main"])
        // It is down already.
        let again = fail()
        #expect(again == nil)
        let wasDown = watch.reached("main")
        #expect(wasDown)
        #expect(watch.states.down.isEmpty)
    }

    @Test("of many next hops, one that is dead says nothing about the connector; three different ones in a row do")
    mutating func manyNextHops() {
        for _ in 0..<10 { fail("dns", "dead", one: false) }
        fail("dns", "other", one: false)
        #expect(watch.states.down.isEmpty)
        let third = fail("dns", "third", one: false)
        #expect(third != nil)
        #expect(watch.states.down == ["dns"])
    }

    @Test("it is tried again after a minute, then after twice as long each time, up to fifteen minutes; the first failure suffices then")
    mutating func pauses() {
        for _ in 0..<3 { fail() }
        var now = 0
        for pause in [60, 120, 240, 480, 900, 900] {
            #expect(watch.troubles["main"]?.downUntil == start + .seconds(now + pause), "\(pause)")
            let early = watch.tryAgain(now: start + .seconds(now + pause - 1))
            #expect(early.isEmpty)
            now += pause
            let due = watch.tryAgain(now: start + .seconds(now))
            #expect(due == ["main"])
            #expect(watch.states.down.isEmpty)
            fail(at: now)
        }
        // What answers begins from the start.
        let wasDown = watch.reached("main")
        #expect(wasDown)
        for _ in 0..<3 { fail() }
        #expect(watch.troubles["main"]?.downUntil == start + .seconds(60))
    }

    @Test("a connector that is gone from the configuration is forgotten")
    mutating func forgotten() {
        for _ in 0..<3 { fail() }
        watch.keep(["other"])
        #expect(watch.troubles.isEmpty && watch.states.down.isEmpty)
    }

    @Test("rivals are those that share an address space, whatever they cost")
    func rivals() throws {
        let domain = try #require(DomainName(parsing: "far.example"))
        func connector(_ name: String, _ patterns: [AddressSpace.Pattern], cost: Int = 1) -> Connector {
            Connector(name: name, addressSpaces: patterns.map { AddressSpace($0, cost: cost) }, deliver: .dns)
        }
        let topology = Topology(
            hostname: domain,
            connectors: [
                connector("a", [.any]), connector("b", [.any, .exact(domain)], cost: 20), connector("c", [.exact(domain)]),
                connector("d", [.below(domain)]),
            ])
        #expect(topology.rivals == ["a": ["b"], "b": ["a", "c"], "c": ["b"]])
    }

    @Test("kind: one that is tried again is not up before something answers, for the metric and for the status")
    mutating func notUpBeforeAnAnswer() {
        for _ in 0..<3 { fail() }
        let due = watch.tryAgain(now: start + .seconds(60))
        #expect(due == ["main"] && watch.states.down.isEmpty)
        #expect(watch.unreached == ["main"])
        _ = watch.reached("main")
        #expect(watch.unreached.isEmpty)
    }

    @Test("kind: what was down when the core ended is down when it starts, since the same moment")
    mutating func restored() {
        let route = Route(connector: "main", nextHop: "smart_hosts:main", carrier: .delivery)
        let hop = UnreachableHop(route: route, since: start, until: start + .seconds(600), failures: 4, lastError: "451 4.4.1 h: timed out")
        watch.restore(hop, hasOneNextHop: true, firstPause: .seconds(60))
        #expect(watch.states.down == ["main"] && watch.unreached == ["main"])
        #expect(watch.troubles["main"]?.since == start && watch.troubles["main"]?.downUntil == start + .seconds(600))
        #expect(watch.troubles["main"]?.lastReply == Reply(451, "4.4.1", "h: timed out"))
        // One domain of many says nothing of its connector.
        var other = ConnectorWatch()
        other.restore(hop, hasOneNextHop: false, firstPause: .seconds(60))
        #expect(other.states.down.isEmpty)
    }
}
