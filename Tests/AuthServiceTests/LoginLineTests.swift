import MailVocabulary
import NIOCore
import Testing
import Topology

@testable import AuthService

@Suite("The line of logins that wait for another system")
struct LoginLineTests {
    private func network(_ text: String) throws -> ClientNetwork { ClientNetwork(try #require(IPAddress(parsing: text))) }

    @Test("a network that fills its share is refused more, runs only so many at once, and others come in between its own")
    func turns() throws {
        var line = LoginLine<String>(threads: 32, capacity: 100, budgets: BudgetSettings())
        let (greedy, other) = (try network("192.0.2.1"), try network("198.51.100.1"))
        for number in 0..<10 { #expect(line.enter("greedy \(number)", from: greedy) == true) }
        #expect(line.enter("greedy 10", from: greedy) == false, "a tenth of the line is one network's share")
        var running: [String] = []
        while let next = line.next() { running.append(next.job) }
        // A tenth of 32 threads.
        #expect(running == ["greedy 0", "greedy 1", "greedy 2"])
        #expect(line.enter("other", from: other) == true)
        #expect(line.next()?.job == "other")
        #expect(line.next() == nil)
        line.finished(greedy)
        #expect(line.next()?.job == "greedy 3")
        #expect(line.waitingCount == 6 && line.runningCount == 4)
    }

    @Test("networks take turns")
    func rotation() throws {
        var line = LoginLine<String>(threads: 2, capacity: 1000, budgets: BudgetSettings())
        for host in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            for number in 0..<2 { #expect(line.enter("\(host.suffix(1))\(number)", from: try network(host)) == true) }
        }
        var order: [String] = []
        while let (job, network) = line.next() {
            order.append(job)
            line.finished(network)
        }
        #expect(order == ["10", "20", "30", "11", "21", "31"])
        #expect(line.waitingCount == 0 && line.runningCount == 0)
    }

    @Test("the line is bounded as a whole, and no more run than there are threads")
    func bounds() throws {
        var line = LoginLine<Int>(threads: 4, capacity: 5, budgets: BudgetSettings(share: nil))
        let network = try network("2001:db8::1")
        for number in 0..<5 { #expect(line.enter(number, from: network) == true) }
        #expect(line.enter(5, from: network) == false)
        for number in 0..<4 { #expect(line.next()?.job == number) }
        #expect(line.next() == nil)
    }
}

@Suite("When a refusal is said")
struct RefusalTimeTests {
    @Test("so long after the message as the failure costs, whatever the work took; and at a round time where that took longer")
    func time() {
        let message = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for work in [0, 1, 400, 999] as [Int64] {
            #expect(RefusalTime.of(message, wait: .seconds(1), now: message + .milliseconds(work)) == message + .seconds(1))
        }
        for work in [0, 1, 49] as [Int64] {
            #expect(RefusalTime.of(message, wait: .zero, now: message + .milliseconds(work)) == message + .milliseconds(50))
        }
        #expect(RefusalTime.of(message, wait: .seconds(1), now: message + .milliseconds(1012)) == message + .milliseconds(1050))
    }
}
