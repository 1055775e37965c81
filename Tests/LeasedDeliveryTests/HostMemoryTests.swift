import MailVocabulary
import NIOCore
import SMTPClient
import SMTPProtocol
import Testing

@testable import LeasedDelivery

@Suite("What deliveries remember of hosts")
struct HostMemoryTests {
    private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private static func endpoint(_ port: Int) -> SMTPClientEndpoint { .tcp(IPAddress(ipv4: 0x7F00_0001), port: port) }

    @Test("an address that did not answer is behind the others for ten minutes, or until it answers")
    func slow() {
        var memory = HostMemory()
        let (one, two) = (Self.endpoint(1), Self.endpoint(2))
        memory.noteSlow(one, now: Self.now)
        memory.noteSlow(two, now: Self.now)
        #expect(memory.isSlow(one, now: Self.now) && !memory.isSlow(one, now: Self.now + HostMemory.slowFor))
        memory.noteAnswer(two)
        #expect(!memory.isSlow(two, now: Self.now))
    }

    @Test("an extension that was refused is not used for an hour")
    func refused() {
        var memory = HostMemory()
        let endpoint = Self.endpoint(1)
        #expect(memory.refused(by: endpoint, now: Self.now) == [])
        memory.noteRefused([.chunking], by: endpoint, now: Self.now)
        #expect(memory.refused(by: endpoint, now: Self.now) == [.chunking])
        #expect(memory.refused(by: endpoint, now: Self.now + HostMemory.refusedFor) == [])
    }

    @Test("a connection that was just closed may count at the host for a moment")
    func closing() {
        var memory = HostMemory()
        memory.noteClosed(Self.endpoint(1), now: Self.now)
        #expect(memory.mayCountClosed(Self.endpoint(1), now: Self.now))
        #expect(!memory.mayCountClosed(Self.endpoint(1), now: Self.now + HostMemory.closingFor))
        #expect(!memory.mayCountClosed(Self.endpoint(2), now: Self.now))
    }

    @Test("it is bounded, and what holds no longer makes room first")
    func bounded() {
        var memory = HostMemory()
        for port in 0..<HostMemory.mostEntries - 1 { memory.noteClosed(Self.endpoint(port), now: Self.now) }
        let kept = SMTPClientEndpoint.unix(path: "/kept")
        memory.noteRefused([.chunking], by: kept, now: Self.now)
        let later = Self.now + .minutes(1)
        memory.noteClosed(Self.endpoint(60_000), now: later)
        #expect(memory.count == 2 && memory.refused(by: kept, now: later) == [.chunking])
        for port in 0..<3 * HostMemory.mostEntries { memory.noteClosed(Self.endpoint(port), now: later) }
        #expect(memory.count <= HostMemory.mostEntries)
    }

    @Test("the addresses of one host are tried together, in their order, those that did not answer last; then the next host")
    func hosts() throws {
        let settings = SMTPClientSettings(ourName: .name(try #require(DomainName(parsing: "us.example"))))
        let candidates = ["a", "a", "a", "b", "a"].enumerated().map { port, host in
            HopPlan.Candidate(endpoint: Self.endpoint(port), host: host, name: host, settings: settings)
        }
        let plan = HopPlan(candidates: candidates, source: .any, messagesPerConnection: nil)
        #expect(plan.nextHost(tried: []) { _ in false } == [0, 1, 2])
        #expect(plan.nextHost(tried: []) { $0.endpoint == Self.endpoint(0) } == [1, 2, 0])
        #expect(plan.nextHost(tried: [1]) { _ in false } == [0, 2])
        #expect(plan.nextHost(tried: [0, 1, 2]) { _ in false } == [3])
        #expect(plan.nextHost(tried: [0, 1, 2, 3, 4]) { _ in false } == [])
        #expect(plan.hostKeys == ["a", "b"])
    }
}
