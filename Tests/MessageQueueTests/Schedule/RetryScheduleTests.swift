import MailVocabulary
import NIOCore
import Testing

@testable import MessageQueue

@Suite("The two retry ladders")
struct RetryScheduleTests {
    private static let now = Timestamp(microseconds: 1_800_000_000_000_000)
    private func minutes(_ count: Int) -> Timestamp { Self.now + .seconds(60 * count) }
    private func minutes(_ counts: Int...) -> [Timestamp] { counts.map { minutes($0) } }

    @Test("a next hop out of reach is asked again after three glitches of a minute, and then by the intervals")
    func nextHop() {
        let retry = RetrySchedule()
        let waits = (1...9).map { retry.nextContact(after: $0, now: Self.now) }
        #expect(waits == minutes(1, 1, 1, 15, 30, 60, 240, 240, 240))
    }

    @Test("a reply that puts a message off is followed by the intervals alone")
    func message() {
        let retry = RetrySchedule()
        let waits = (1...5).map { retry.nextAttempt(after: $0, receivedAt: Self.now, now: Self.now) }
        #expect(waits == minutes(15, 30, 60, 240, 240))
    }

    @Test("a connection that broke off before there was a word on the recipient: soon, a few times")
    func interrupted() {
        let retry = RetrySchedule()
        let waits = (1...5).map { retry.nextAttempt(after: $0, receivedAt: Self.now, now: Self.now, wasInterrupted: true) }
        #expect(waits == minutes(1, 1, 1, 15, 30))
    }

    @Test("as the configuration says: no glitches, or a first interval that is shorter")
    func configured() {
        #expect(RetrySchedule(glitches: 0).nextContact(after: 1, now: Self.now) == minutes(15))
        let quick = RetrySchedule(first: .seconds(1), second: .seconds(2), glitches: 1, glitch: .seconds(60))
        #expect(quick.nextContact(after: 1, now: Self.now) == Self.now + .seconds(1))
        #expect(quick.nextContact(after: 3, now: Self.now) == Self.now + .seconds(2))
    }

    @Test("the last attempt is at the moment of expiration, and there is none after it")
    func expiry() {
        let retry = RetrySchedule(expiration: .seconds(600))
        #expect(retry.nextAttempt(after: 1, receivedAt: Self.now, now: minutes(5)) == minutes(10))
        #expect(retry.nextAttempt(after: 1, receivedAt: Self.now, now: minutes(10)) == nil)
        #expect(retry.nextAttempt(after: 1, receivedAt: Self.now, now: minutes(10), wasInterrupted: true) == nil)
    }

    @Test("failures of a next hop that is not in memory are remembered for a while, and bounded")
    func pastFailures() {
        let route = Route(connector: "general", nextHop: "domain:dead.example", carrier: .delivery)
        var past = PastFailures()
        past.note(route, 0)
        #expect(past.count == 0)
        past.note(route, 3)
        #expect(past.take(route) == 3)
        #expect(past.take(route) == 0)
        past.note(route, 3)
        past.passed(now: .uptimeNanoseconds(0) + .hours(3))
        #expect(past.take(route) == 0)
        for number in 0...PastFailures.mostHops {
            past.note(Route(connector: "general", nextHop: "domain:\(number).example", carrier: .delivery), 1)
        }
        #expect(past.count <= PastFailures.mostHops)
    }
}
