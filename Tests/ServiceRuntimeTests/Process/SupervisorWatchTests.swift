import Glibc
import Testing

@testable import ServiceRuntime

@Suite("the supervisor's socket")
struct SupervisorWatchTests {
    static func pair() -> (own: Int32, daemon: Int32) {
        var ends: [Int32] = [0, 0]
        precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    @Test("the loss of the supervisor is said once")
    func loss() async throws {
        let (own, daemon) = Self.pair()
        let (losses, continuation) = AsyncStream<Void>.makeStream()
        let watch = try #require(SupervisorWatch(descriptor: daemon) { continuation.yield() })
        close(own)
        var iterator = losses.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        watch.say(.ready)
    }

    @Test("ready is one octet, and octets of the supervisor are no loss")
    func ready() async throws {
        let (own, daemon) = Self.pair()
        let (losses, continuation) = AsyncStream<Void>.makeStream()
        let watch = try #require(SupervisorWatch(descriptor: daemon) { continuation.yield() })
        #expect(write(own, "hello", 5) == 5)
        watch.say(.ready)
        var octet: UInt8 = 0
        #expect(read(own, &octet, 1) == 1)
        #expect(octet == UInt8(ascii: "R"))
        close(own)
        var iterator = losses.makeAsyncIterator()
        #expect(await iterator.next() != nil)
    }

    @Test("a descriptor that is not open is no supervisor")
    func closed() {
        #expect(SupervisorWatch(descriptor: 987_654) {} == nil)
    }

    @Test("the environment names the descriptor, and is cleared", arguments: ["", "x", "-1", "2", "987654"])
    func environment(text: String) async {
        await #expect(processExitsWith: .exitCode(42)) { [text] in
            setenv(SupervisorWatch.environmentName, text, 1)
            guard SupervisorWatch.fromEnvironment(onLoss: {}) == nil, getenv(SupervisorWatch.environmentName) == nil else { exit(1) }
            exit(42)
        }
    }
}
