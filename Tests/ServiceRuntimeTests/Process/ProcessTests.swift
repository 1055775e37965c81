import Glibc
import Testing

@testable import ServiceRuntime

@Suite("the process")
struct ProcessTests {
    @Test("exit statuses are those of sysexits.h")
    func exitStatus() {
        #expect(ExitStatus.allCases.map(\.rawValue) == [0, 64, 65, 71, 74, 75, 77, 78])
    }

    @Test("the descriptor limit is raised to the hard limit")
    func descriptorLimit() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            var limit = rlimit()
            getrlimit(resource, &limit)
            limit.rlim_cur = 64
            setrlimit(resource, &limit)
            let raised = DescriptorLimit.raise()
            exit(raised == UInt64(limit.rlim_max) && DescriptorLimit.current == raised && DescriptorLimit.raise() == raised ? 42 : 1)
        }
    }

    @Test("signals arrive as calls, and a write to a closed socket does not end the process")
    func signals() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let (received, continuation) = AsyncStream<ProcessSignal>.makeStream()
            let source = SignalSource { continuation.yield($0) }
            var signals = received.makeAsyncIterator()
            for expected in [ProcessSignal.reload, .terminate, .interrupt, .reload] {
                kill(getpid(), expected.rawValue)
                guard await signals.next() == expected else { exit(1) }
            }
            var ends: [Int32] = [0, 0]
            pipe(&ends)
            close(ends[0])
            guard write(ends[1], "x", 1) == -1, errno == EPIPE else { exit(2) }
            source.cancel()
            exit(42)
        }
    }
}
