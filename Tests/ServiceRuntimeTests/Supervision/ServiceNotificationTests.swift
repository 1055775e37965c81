import Glibc
import Logging
import Testing

@testable import ServiceRuntime

/// A service manager's end of `NOTIFY_SOCKET`.
struct NotificationSocket {
    let descriptor: Int32

    /// - Parameter name: abstract, so that nothing stays behind.
    init(_ name: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = [0] + Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, socklen_t(MemoryLayout<sa_family_t>.size + octets.count)) == 0)
            }
        }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The next datagram; empty where none comes within 20 seconds.
    func next() -> String {
        var octets = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &octets, octets.count, 0)
        return String(decoding: octets[..<max(0, count)], as: UTF8.self)
    }
}

@Suite("the service manager hears")
struct ServiceNotificationTests {
    @Test("ready, each reload with its time, and the end; the variable is gone")
    func wholeLife() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let manager = NotificationSocket("postern-test-\(getpid())")
            setenv("NOTIFY_SOCKET", "@postern-test-\(getpid())", 1)
            let lifecycle = DaemonLifecycle(logger: Logger(label: "test"))
            guard getenv("NOTIFY_SOCKET") == nil else { exit(1) }
            lifecycle.onReload {}
            lifecycle.ready(status: "listens on\n127.0.0.1:25")
            guard manager.next() == "READY=1\nSTATUS=listens on 127.0.0.1:25" else { exit(2) }
            kill(getpid(), SIGHUP)
            let reloading = manager.next()
            guard reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="), Int(reloading.split(separator: "=").last ?? "") ?? 0 > 0 else {
                exit(3)
            }
            guard manager.next() == "READY=1\nSTATUS=listens on 127.0.0.1:25" else { exit(4) }
            kill(getpid(), SIGTERM)
            _ = await lifecycle.run {}
            guard manager.next().hasPrefix("STOPPING=1") else { exit(5) }
            exit(42)
        }
    }

    @Test("nothing of a reload before the daemon was ready: it would be ready by that")
    func early() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let manager = NotificationSocket("postern-test-\(getpid())")
            setenv("NOTIFY_SOCKET", "@postern-test-\(getpid())", 1)
            let lifecycle = DaemonLifecycle(logger: Logger(label: "test"))
            let (events, continuation) = AsyncStream<Void>.makeStream()
            lifecycle.onReload { continuation.yield() }
            kill(getpid(), SIGHUP)
            var iterator = events.makeAsyncIterator()
            _ = await iterator.next()
            lifecycle.ready()
            exit(manager.next() == "READY=1" ? 42 : 1)
        }
    }

    @Test("no way to a manager where the variable names none", arguments: ["", "@", "relative", "vsock:2:1234"])
    func noWay(path: String) { #expect(ServiceNotification(path: path) == nil) }
}

@Suite("the watchdog")
struct WatchdogTests {
    @Test("signs of life come as long as every part answers, and end when one hangs")
    func hang() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let manager = NotificationSocket("postern-test-\(getpid())")
            setenv("NOTIFY_SOCKET", "@postern-test-\(getpid())", 1)
            setenv("WATCHDOG_USEC", "20000", 1)
            setenv("WATCHDOG_PID", String(getpid()), 1)
            let lifecycle = DaemonLifecycle(logger: Logger(label: "test"))
            guard getenv("WATCHDOG_USEC") == nil, getenv("WATCHDOG_PID") == nil else { exit(1) }
            let answers = Answers()
            lifecycle.watch("one") { $0() }
            lifecycle.watch("other") { answers.next($0) }
            lifecycle.ready()
            guard manager.next() == "READY=1" else { exit(2) }
            for _ in 0..<3 where manager.next() != "WATCHDOG=1" { exit(3) }
            answers.hang()
            // What was under way may still come; then silence.
            var limit = timeval(tv_sec: 0, tv_usec: 500_000)
            setsockopt(manager.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var last = manager.next()
            for _ in 0..<100 where !last.isEmpty { last = manager.next() }
            guard last.isEmpty else { exit(4) }
            answers.goOn()
            limit = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(manager.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            exit(manager.next() == "WATCHDOG=1" ? 42 : 5)
        }
    }

    @Test(
        "half of what the manager waits, and only where it is meant for this process",
        arguments: [
            ("30000000", nil, 15_000_000), ("30000000", "1", nil), ("x", nil, nil), ("0", nil, nil), ("9223372036854775807", nil, nil),
        ] as [(String, String?, Int64?)])
    func interval(microseconds: String, process: String?, expected: Int64?) async {
        await #expect(processExitsWith: .exitCode(42)) { [microseconds, process, expected] in
            setenv("WATCHDOG_USEC", microseconds, 1)
            if let process { setenv("WATCHDOG_PID", process, 1) }
            exit(Watchdog.intervalFromEnvironment() == expected.map { .microseconds($0) } ? 42 : 1)
        }
    }
}
