import CoreLink
import Testing
import Topology

@testable import CoreService

@Suite("Kind: what a reload does not do is said by the reload")
struct DaemonReportsTests {
    private final class Session {}
    private let edge = DaemonReports.Daemon(role: .edge, holder: 1)
    private let delivery = DaemonReports.Daemon(role: .delivery, holder: 2)
    private let needed: Set<Role> = [.edge, .delivery]
    private let first = Session()
    private let second = Session()
    private let third = Session()

    private func both() -> DaemonReports {
        var reports = DaemonReports()
        reports.say(DaemonReport(revision: "old", undone: []), edge, over: ObjectIdentifier(first))
        reports.say(DaemonReport(revision: "old", undone: []), delivery, over: ObjectIdentifier(second))
        return reports
    }

    @Test("everybody works with it: nothing to say, and no wait")
    func allDone() {
        var reports = both()
        let awaited = reports.beginReload(revision: "new", needed: needed)
        #expect(reports.outcome(of: awaited, after: .zero) == nil)
        reports.ended(ObjectIdentifier(first))
        #expect(reports.outcome(of: awaited, after: .zero) == nil, "it comes back")
        reports.say(DaemonReport(revision: "old", undone: []), edge, over: ObjectIdentifier(third))
        reports.say(DaemonReport(revision: "new", undone: []), delivery, over: ObjectIdentifier(second))
        #expect(reports.outcome(of: awaited, after: .zero) == nil, "it still has the old one")
        reports.say(DaemonReport(revision: "new", undone: []), edge, over: ObjectIdentifier(third))
        #expect(reports.outcome(of: awaited, after: .zero) == [])
    }

    @Test("the same file again is awaited as well: what was said before the reload does not count")
    func sameRevision() {
        var reports = both()
        let awaited = reports.beginReload(revision: "old", needed: needed)
        #expect(reports.outcome(of: awaited, after: .zero) == nil)
        reports.say(DaemonReport(revision: "old", undone: []), edge, over: ObjectIdentifier(first))
        reports.say(DaemonReport(revision: "old", undone: ["a certificate"]), delivery, over: ObjectIdentifier(second))
        #expect(reports.outcome(of: awaited, after: .zero) == [Undone(daemon: .delivery, sentence: "a certificate")])
    }

    @Test("what they do not do is named, of each daemon")
    func undone() {
        var reports = both()
        let awaited = reports.beginReload(revision: "new", needed: needed)
        reports.say(DaemonReport(revision: "new", undone: ["resolver: …"]), delivery, over: ObjectIdentifier(second))
        reports.say(DaemonReport(revision: "new", undone: ["does not listen", "resolver: …"]), edge, over: ObjectIdentifier(first))
        let expected = [
            Undone(daemon: .edge, sentence: "does not listen"), Undone(daemon: .edge, sentence: "resolver: …"),
            Undone(daemon: .delivery, sentence: "resolver: …"),
        ]
        #expect(reports.outcome(of: awaited, after: .zero) == expected)
        #expect(reports.undone(needed: needed) == expected)
    }

    @Test("a daemon that the configuration needs and that is not there is named after 2 s; one that it has no work for is not")
    func missing() {
        var reports = both()
        let awaited = reports.beginReload(revision: "new", needed: [.edge, .delivery, .submission])
        reports.say(DaemonReport(revision: "new", undone: []), edge, over: ObjectIdentifier(first))
        reports.say(DaemonReport(revision: "new", undone: []), delivery, over: ObjectIdentifier(second))
        #expect(reports.outcome(of: awaited, after: .milliseconds(1999)) == nil)
        #expect(reports.outcome(of: awaited, after: .seconds(2)) == [.missing(.submission)])
    }

    @Test("one that is connected and says nothing has 10 s")
    func silent() {
        var reports = both()
        let awaited = reports.beginReload(revision: "new", needed: needed)
        reports.say(DaemonReport(revision: "new", undone: []), edge, over: ObjectIdentifier(first))
        #expect(reports.outcome(of: awaited, after: .milliseconds(9999)) == nil)
        #expect(reports.outcome(of: awaited, after: .seconds(10)) == [.silent(.delivery)])
    }

    @Test("a daemon that was started again meanwhile answers for the one that is gone")
    func restarted() {
        var reports = both()
        let awaited = reports.beginReload(revision: "new", needed: needed)
        reports.ended(ObjectIdentifier(second))
        reports.say(DaemonReport(revision: "new", undone: []), .init(role: .delivery, holder: 9), over: ObjectIdentifier(third))
        reports.say(DaemonReport(revision: "new", undone: []), edge, over: ObjectIdentifier(first))
        #expect(reports.outcome(of: awaited, after: .zero) == [])
    }

    @Test("what a daemon can say is bounded: sentences, octets, processes; a line stays a line")
    func bounds() {
        let many = DaemonReport(revision: "r", undone: (0..<100).map { "\($0)\r\n" + String(repeating: "ü", count: 1000) })
        #expect(many.undone.count == DaemonReport.maximumSentences && many.undone.last == "and 69 more things, which its log names")
        #expect(many.undone.allSatisfy { $0.utf8.count <= DaemonReport.maximumOctets && !$0.contains("\r\n") })
        var reports = DaemonReports()
        let sessions = (0..<100).map { _ in Session() }
        for (number, session) in sessions.enumerated() {
            reports.say(many, .init(role: .edge, holder: UInt64(number)), over: ObjectIdentifier(session))
        }
        reports.say(many, delivery, over: ObjectIdentifier(first))
        #expect(reports.connected.count == DaemonReports.maximumOfRole + 1)
    }
}
