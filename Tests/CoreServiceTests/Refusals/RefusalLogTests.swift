import MailVocabulary
import Testing
import Topology

@testable import CoreService
@testable import Routing

@Suite("What was refused lately")
struct RefusalLogTests {
    private static func facts(_ number: Int) throws -> RecipientFacts {
        RecipientFacts(
            origin: .edge(EdgeSession(virtualServer: "internet", clientAddress: IPAddress(ipv4: 1))), reversePath: .null,
            recipient: try #require(EmailAddress(parsing: "u\(number)@far.example")), message: QueueID(value: 1),
            time: Timestamp(seconds: Int64(number)))
    }

    private static let one = Refusal(.relayingDenied, RefusalCode(rule: "2", path: "one", installation: InstallationMark(value: 0)))
    private static let other = Refusal(.noRoute, RefusalCode(rule: "6", path: "other", installation: InstallationMark(value: 0)))

    @Test("the newest are kept, newest first, and all are counted", arguments: [0, 1, 4, 5, 6, 23])
    func newest(count: Int) throws {
        var log = RefusalLog(capacity: 5)
        for number in 0..<count { log.note(number % 3 == 0 ? Self.other : Self.one, try Self.facts(number), DecisionTrace()) }
        let wanted = (0..<count).suffix(5).filter { $0 % 3 != 0 }.reversed()
        #expect(log.latest(100, of: Self.one.code).map(\.time.seconds) == wanted.map(Int64.init))
        #expect(log.latest(1, of: Self.one.code).map(\.time.seconds) == wanted.prefix(1).map(Int64.init))
        #expect(log.count(of: Self.one.code) == (0..<count).filter { $0 % 3 != 0 }.count)
        #expect(log.count(of: Self.other.code) == (0..<count).filter { $0 % 3 == 0 }.count)
    }

    @Test("of a long trace the end is kept, which refuses")
    func longTrace() throws {
        var trace = DecisionTrace()
        for _ in 0..<1200 { trace.append(.nullSender) }
        var log = RefusalLog()
        log.note(Self.one, try Self.facts(1), trace)
        let record = try #require(log.latest(1, of: Self.one.code).first)
        // What the store's comment says of its size.
        #expect(MemoryLayout<RefusalLog.Record>.stride + RefusalLog.mostSteps * MemoryLayout<DecisionStep>.stride < 4096)
        #expect(record.steps.count == RefusalLog.mostSteps && record.omitted == 1200 - RefusalLog.mostSteps)
    }
}
