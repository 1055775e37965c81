import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

/// The scheduler alone, with its time given: no sleeping, no store.
@Suite("Next hops that take connections and give nothing back")
struct TarpitTests {
    private let scheduler: WorkScheduler
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    init() { scheduler = Self.scheduler(total: 1000) }

    private static func scheduler(total: Int, perHop: Int = 100, growsFromOne: Bool = true) -> WorkScheduler {
        WorkScheduler(firstID: QueueID(value: 1)) { _ in
            RoutePolicy(perHop: perHop, group: "default", total: total, growsFromOne: growsFromOne)
        }
    }

    private func route(_ name: String) -> Route { Route(connector: "general", nextHop: "domain:\(name)", carrier: .delivery) }

    private final class IDs {
        var last: Int64 = 1000
    }
    private let ids = IDs()

    private func add(_ count: Int, for name: String, to scheduler: WorkScheduler? = nil) {
        for _ in 0..<count {
            ids.last += 1
            (scheduler ?? self.scheduler).add(
                QueuedMessage(
                    id: QueueID(value: ids.last), receivedAt: Timestamp(microseconds: ids.last),
                    sender: EnvelopeSender(reversePath: .null), origin: .system, size: 0, has8BitOctets: false, content: .file,
                    recipients: [
                        QueuedRecipient(
                            index: 0, recipient: EnvelopeRecipient(address: EmailAddress(parsing: "u@example.org")!), route: route(name))
                    ]))
        }
    }

    /// Everything that is given out now.
    private func takeAll(_ scheduler: WorkScheduler? = nil) -> [WorkScheduler.Assignment] {
        var taken: [WorkScheduler.Assignment] = []
        while let assignment = (scheduler ?? self.scheduler).take(.delivery) { taken.append(assignment) }
        return taken
    }

    private func end(
        _ assignment: WorkScheduler.Assignment, _ answer: HopAnswer = .progress, after seconds: Int64 = 1, at now: NIODeadline = start,
        _ scheduler: WorkScheduler? = nil
    ) {
        let scheduler = scheduler ?? self.scheduler
        scheduler.answered(assignment.entry.hop, answer, now: now, after: .seconds(seconds))
        scheduler.connectionEnded(assignment.entry.hop)
        scheduler.settled(assignment.recipients.count, of: assignment.entry)
    }

    @Test("11 domains with hundreds of messages each, that never answer, take 11 connections of 1,000")
    func elevenTarpits() {
        for number in 0..<11 { add(300, for: "tarpit\(number).example") }
        #expect(takeAll().count == 11)
        add(1, for: "good.example")
        #expect(takeAll().map(\.entry.hop.route) == [route("good.example")])
    }

    @Test("1,000 domains that never answer take half of the connections; a hop that makes progress has the rest")
    func thousandTarpits() {
        add(30, for: "good.example")
        let first = takeAll()
        #expect(first.count == 1)
        end(first[0])
        for number in 0..<1000 { add(2, for: "tarpit\(number).example") }
        var taken = takeAll()
        #expect(taken.count { $0.entry.hop.route != route("good.example") } == 500)
        let good = taken.filter { $0.entry.hop.route == route("good.example") }
        #expect(good.count == 2)
        // It goes on to grow while they hold what they have.
        for assignment in good { end(assignment) }
        taken = takeAll()
        #expect(taken.map(\.entry.hop.route) == Array(repeating: route("good.example"), count: 4))
    }

    @Test("when one that gives nothing back ends, the next that waits has its place; each gets its turn, and none is forgotten")
    func turns() {
        let scheduler = Self.scheduler(total: 10)
        for number in 0..<50 { add(1, for: "new\(number).example", to: scheduler) }
        var running = takeAll(scheduler)
        #expect(running.count == 5)
        var seen: [Route] = []
        while !running.isEmpty {
            let ended = running.removeFirst()
            seen.append(ended.entry.hop.route)
            end(ended, .deferredAll, scheduler)
            let next = takeAll(scheduler)
            #expect(next.count <= 1)
            running += next
            #expect(running.count <= 5)
        }
        #expect(seen == (0..<50).map { route("new\($0).example") })
    }

    @Test("hops that answer leave the half of those that do not, and have all of the connections among them")
    func proven() {
        let scheduler = Self.scheduler(total: 10)
        for number in 0..<10 { add(30, for: "good\(number).example", to: scheduler) }
        var running = takeAll(scheduler)
        #expect(running.count == 5)
        for _ in 0..<40 {
            let ended = running.removeFirst()
            end(ended, .progress, scheduler)
            running += takeAll(scheduler)
        }
        #expect(running.count == 10)
        #expect(scheduler.groups["default"]?.withoutProgress == 0)
    }

    @Test("one that answered and has given nothing back for a minute counts among those that do not answer, until it does again")
    func decays() {
        let scheduler = Self.scheduler(total: 100)
        add(200, for: "turned.example", to: scheduler)
        end(takeAll(scheduler)[0], .progress, scheduler)
        var running = takeAll(scheduler)
        while running.count < 32 {
            for assignment in running { end(assignment, .progress, scheduler) }
            running = takeAll(scheduler)
        }
        #expect(scheduler.groups["default"]?.withoutProgress == 0)
        scheduler.passed(now: Self.start + .seconds(61))
        #expect(scheduler.groups["default"]?.withoutProgress == running.count)
        #expect(scheduler.groups["default"]?.active == running.count)
        end(running.removeFirst(), .progress, at: Self.start + .seconds(90), scheduler)
        #expect(scheduler.groups["default"]?.withoutProgress == 0)
        #expect(scheduler.groups["default"]?.active == running.count)
    }

    @Test("a remote server that puts everything off, or takes minutes for each message, has a handful of connections")
    func refusing() {
        add(200, for: "slow.example")
        var running = takeAll()
        for _ in 0..<50 {
            end(running.removeFirst(), .progress, after: 120)
            running += takeAll()
        }
        #expect(running.count == HopConcurrency.mostWhenSlow)
        for _ in 0..<50 {
            end(running.removeFirst(), .deferredAll)
            running += takeAll()
        }
        #expect(running.count == 1)
    }

    @Test("what is on this machine has its connections at once: no ramp, and no half")
    func local() {
        let scheduler = Self.scheduler(total: 40, growsFromOne: false)
        for number in 0..<2 { add(100, for: "mailbox\(number)", to: scheduler) }
        #expect(takeAll(scheduler).count == 40)
    }

    @Test("a hop that waits for room stands in line once, however many messages come for it meanwhile")
    func onceInLine() {
        let scheduler = Self.scheduler(total: 1, growsFromOne: false)
        add(1, for: "first.example", to: scheduler)
        let first = takeAll(scheduler)
        for _ in 0..<20 {
            add(1, for: "second.example", to: scheduler)
            #expect(takeAll(scheduler).isEmpty)
        }
        #expect(scheduler.groups["default"]?.waiting.count == 1)
        end(first[0], .progress, scheduler)
        #expect(takeAll(scheduler).map(\.entry.hop.route) == [route("second.example")])
    }

    @Test("another configuration: connections count where they belong now, and whoever waited is asked anew")
    func reconfigured() {
        var total = 2
        let scheduler = WorkScheduler(firstID: QueueID(value: 1)) { _ in
            RoutePolicy(perHop: 100, group: "default", total: total, growsFromOne: true)
        }
        for number in 0..<6 { add(1, for: "new\(number).example", to: scheduler) }
        #expect(takeAll(scheduler).count == 1)
        total = 8
        scheduler.policiesChanged()
        #expect(takeAll(scheduler).count == 3)
        #expect(scheduler.groups["default"]?.active == 4)
        #expect(scheduler.groups["default"]?.withoutProgress == 4)
    }
}
