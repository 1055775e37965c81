import MailVocabulary
import Testing
import Topology

@testable import Routing

@Suite("Schedules hold mail")
struct ScheduleTests {
    /// Monday, 2 November 2026, 00:00 UTC.
    private static let monday: Int64 = 1_793_577_600

    private static func hold(
        _ times: ConnectorSchedule.Times, oversize: ConnectorSchedule.Oversize? = nil, at seconds: Int64, offset: Int = 0, size: Int = 10
    ) -> RoutedRecipient.Hold? {
        let topology = Topology(
            hostname: Sketch.name("mail.ours.example"),
            connectors: [
                World.connector("c", ["*"], relay: true, schedule: ConnectorSchedule(times: times, oversize: oversize))
            ])
        var facts = Sketch.facts("x@far.example")
        (facts.time, facts.utcOffset, facts.size) = (Timestamp(seconds: monday + seconds), offset, size)
        return RoutingTable(topology).decide(facts) { _ in .unknown }.routes.first?.hold
    }

    private static let hour: Int64 = 3600
    private static let office = WeeklyWindow(days: [.monday, .tuesday], start: 7 * 60, end: 19 * 60)
    private static let night = WeeklyWindow(start: 22 * 60, end: 5 * 60)

    private static func until(_ seconds: Int64) -> RoutedRecipient.Hold { .until(Timestamp(seconds: monday + seconds)) }

    @Test("a window is open from its start to just before its end, and a closed one holds until it opens")
    func window() {
        #expect(Self.hold(.at([Self.office]), at: 7 * Self.hour) == nil)
        #expect(Self.hold(.at([Self.office]), at: 19 * Self.hour - 1) == nil)
        #expect(Self.hold(.at([Self.office]), at: 7 * Self.hour - 1) == Self.until(7 * Self.hour))
        #expect(Self.hold(.at([Self.office]), at: 19 * Self.hour) == Self.until(31 * Self.hour))
        // From Tuesday evening to the Monday after.
        #expect(Self.hold(.at([Self.office]), at: 44 * Self.hour) == Self.until((7 * 24 + 7) * Self.hour))
    }

    @Test("a window over midnight, and over the end of the week")
    func midnight() {
        #expect(Self.hold(.at([Self.night]), at: 4 * Self.hour) == nil)
        #expect(Self.hold(.at([Self.night]), at: 5 * Self.hour) == Self.until(22 * Self.hour))
        let sunday = WeeklyWindow(days: [.sunday], start: 23 * 60, end: 60)
        #expect(Self.hold(.at([sunday]), at: 1800) == nil)
        #expect(Self.hold(.at([sunday]), at: 3600) == Self.until((6 * 24 + 23) * Self.hour))
        let whole = WeeklyWindow(days: [.monday], start: 0, end: 1440)
        #expect(Self.hold(.at([whole]), at: 86_399) == nil)
        #expect(Self.hold(.at([whole]), at: 86_400) != nil)
    }

    @Test("times are local")
    func local() {
        #expect(Self.hold(.at([Self.office]), at: 6 * Self.hour, offset: 3600) == nil)
        #expect(Self.hold(.at([Self.office]), at: 5 * Self.hour, offset: 3600) == Self.until(6 * Self.hour))
        #expect(Self.hold(.at([Self.office]), at: -5 * Self.hour, offset: 12 * 3600) == nil)
    }

    @Test("`never` holds until the configuration changes; large messages have their own times")
    func others() {
        #expect(Self.hold(.never, at: 0) == .untilReconfigured)
        let oversize = ConnectorSchedule.Oversize(over: ByteCount(100), times: .at([Self.night]))
        #expect(Self.hold(.always, oversize: oversize, at: 12 * Self.hour, size: 100) == nil)
        #expect(Self.hold(.always, oversize: oversize, at: 12 * Self.hour, size: 101) == Self.until(22 * Self.hour))
    }
}
