import Testing

@testable import CommandLineTool

@Suite("restarts")
struct RestartPolicyTests {
    @Test("a daemon that keeps dying starts at once, then after 0.1 s, doubling to at most 2 s")
    func ladder() {
        var policy = RestartPolicy()
        var now = Duration.seconds(100)
        var delays: [Duration] = []
        for _ in 0..<9 {
            let start = now
            now += .milliseconds(50)
            let delay = policy.delay(startedAt: start, diedAt: now)
            delays.append(delay)
            now += delay
        }
        #expect(delays == [0, 100, 200, 400, 800, 1600, 2000, 2000, 2000].map { Duration.milliseconds($0) })
    }

    @Test("a daemon that lived ten seconds begins the ladder anew")
    func reset() {
        var policy = RestartPolicy()
        #expect(policy.delay(startedAt: .zero, diedAt: .seconds(1)) == .zero)
        #expect(policy.delay(startedAt: .seconds(1), diedAt: .seconds(2)) == .milliseconds(100))
        #expect(policy.delay(startedAt: .seconds(3), diedAt: .milliseconds(12_999)) == .milliseconds(200))
        #expect(policy.delay(startedAt: .seconds(20), diedAt: .seconds(30)) == .zero)
        #expect(policy.delay(startedAt: .seconds(30), diedAt: .seconds(31)) == .milliseconds(100))
    }

    @Test("a million deaths wait two seconds each")
    func forever() {
        var policy = RestartPolicy()
        var last = Duration.zero
        for _ in 0..<1_000_000 { last = policy.delay(startedAt: .zero, diedAt: .zero) }
        #expect(last == .seconds(2))
    }
}
