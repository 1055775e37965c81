import Glibc
import Logging
import Testing

@testable import ServiceRuntime

@Suite("the life of a daemon")
struct DaemonLifecycleTests {
    @Test("SIGHUP reloads, SIGTERM drains and ends with success")
    func wholeLife() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let lifecycle = DaemonLifecycle(logger: Logger(label: "test"))
            let (events, continuation) = AsyncStream<String>.makeStream()
            lifecycle.onReload { continuation.yield("reload") }
            kill(getpid(), SIGHUP)
            var iterator = events.makeAsyncIterator()
            guard await iterator.next() == "reload" else { exit(1) }
            lifecycle.ready()
            kill(getpid(), SIGTERM)
            let status = await lifecycle.run { continuation.yield("drained") }
            guard await iterator.next() == "drained", status == .success else { exit(2) }
            exit(42)
        }
    }

    @Test("a SIGHUP that comes before the daemon has taken over the signals, or before it can reload, is done as soon as it can")
    func early() async {
        await #expect(processExitsWith: .exitCode(42)) {
            EarlyReload.watch()
            kill(getpid(), SIGHUP)
            let lifecycle = DaemonLifecycle(logger: Logger(label: "test"))
            let (events, continuation) = AsyncStream<String>.makeStream()
            // The request is looked at, and finds nothing to do yet.
            for _ in 0..<100 { await Task.yield() }
            lifecycle.onReload { continuation.yield("reload") }
            var iterator = events.makeAsyncIterator()
            exit(await iterator.next() == "reload" ? 42 : 1)
        }
    }

    @Test("a second SIGTERM ends a drain that would take long", .timeLimit(.minutes(1)))
    func hastened() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let lifecycle = DaemonLifecycle(logger: Logger(label: "test"))
            kill(getpid(), SIGTERM)
            let status = await lifecycle.run(limit: .seconds(3600)) {
                kill(getpid(), SIGTERM)
                await DrainTests.forever()
            }
            exit(status == .success ? 42 : 1)
        }
    }

    @Test("a daemon whose supervisor was killed drains and ends")
    func orphan() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let (own, daemon) = SupervisorWatchTests.pair()
            setenv(SupervisorWatch.environmentName, String(daemon), 1)
            let lifecycle = DaemonLifecycle(logger: Logger(label: "test"))
            close(own)
            exit(await lifecycle.run {} == .success ? 42 : 1)
        }
    }

    @Test("a service can ask for its own end")
    func own() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let lifecycle = DaemonLifecycle(logger: Logger(label: "test"))
            lifecycle.end(.own("the queue cannot be opened"))
            exit(await lifecycle.run {} == .success ? 42 : 1)
        }
    }
}
