import Testing

@testable import ServiceRuntime

@Suite("draining")
struct DrainTests {
    /// Waits for its cancellation.
    static func forever() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        for await _ in stream {}
        withExtendedLifetime(continuation) {}
    }

    @Test("work that ends is waited for")
    func finishes() async {
        let (events, continuation) = AsyncStream<String>.makeStream()
        #expect(await Drain().run(limit: .seconds(60)) { continuation.yield("done") } == .finished)
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == "done")
    }

    @Test("work that never ends is cancelled when its time is over")
    func runsOut() async {
        let (events, continuation) = AsyncStream<String>.makeStream()
        let outcome = await Drain().run(limit: .milliseconds(20)) {
            await Self.forever()
            if Task.isCancelled { continuation.yield("cancelled") }
        }
        #expect(outcome == .outOfTime)
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == "cancelled")
    }

    @Test("a drain can be shortened while it runs")
    func shortened() async {
        let drain = Drain()
        #expect(
            await drain.run(limit: .seconds(3600)) {
                drain.shorten(to: .milliseconds(1))
                await Self.forever()
            } == .outOfTime)
    }

    @Test("a limit beyond all clocks is none")
    func noOverflow() async {
        #expect(await Drain().run(limit: .seconds(Int64.max)) {} == .finished)
    }
}
