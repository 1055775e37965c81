import Glibc
import MailVocabulary
import Testing

@testable import ServiceRuntime

@Suite("sockets that are handed over")
struct InheritedSocketsTests {
    private static let loopback = IPAddress(ipv4: 0x7F00_0001)

    /// A socket of the loopback address, and its port.
    static func tcp(listening: Bool = true) -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, length) == 0)
                precondition(!listening || listen(descriptor, 1) == 0)
                precondition(getsockname(descriptor, $0, &length) == 0)
            }
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func unix(_ path: String) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 && listen(descriptor, 1) == 0)
            }
        }
        return descriptor
    }

    static func ipv6(only: Bool) -> Int32 {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        var option: Int32 = only ? 1 : 0
        setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &option, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0 && listen(descriptor, 1) == 0)
            }
        }
        return descriptor
    }

    /// As systemd starts a process: the sockets from descriptor 3 on, and the variables.
    static func handOver(_ descriptors: [Int32], names: String?, to process: Int32 = getpid()) {
        let copies = descriptors.map { fcntl($0, F_DUPFD, 100) }
        for (index, copy) in copies.enumerated() { dup2(copy, 3 + Int32(index)) }
        setenv("LISTEN_FDS", String(descriptors.count), 1)
        setenv("LISTEN_PID", String(process), 1)
        if let names { setenv("LISTEN_FDNAMES", names, 1) }
    }

    @Test("each is found by its address, kept from programs that are started, and the variables are gone")
    func taken() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let (one, other) = (Self.tcp(), Self.tcp())
            let path = "/tmp/postern-test-\(getpid()).sock"
            defer { unlink(path) }
            Self.handOver([one.descriptor, other.descriptor, Self.unix(path)], names: "internet:postern-edge.socket:edge.sock")
            let sockets = try InheritedSockets.fromEnvironment()
            unlink(path)
            guard getenv("LISTEN_FDS") == nil, getenv("LISTEN_PID") == nil, getenv("LISTEN_FDNAMES") == nil else { exit(1) }
            guard fcntl(3, F_GETFD) & FD_CLOEXEC != 0, sockets.contains(.unix(path: path)) else { exit(2) }
            // One that was called by its unit fits everything.
            let second = try sockets.claim(.internet(Self.loopback, port: other.port), for: "anything")
            let first = try sockets.claim(.internet(Self.loopback, port: one.port), for: "internet")
            guard first?.descriptor == 3, second?.descriptor == 4 else { exit(3) }
            guard try sockets.claim(.internet(Self.loopback, port: one.port), for: "internet") == nil else { exit(4) }
            do throws(InheritedSocketError) {
                try sockets.expectNoneLeft()
                exit(5)
            } catch {
                guard error == .unwanted(["\(path) (edge.sock)"]) else { exit(6) }
            }
            guard try sockets.claim(.unix(path: path), for: "edge.sock")?.descriptor == 5 else { exit(7) }
            try sockets.expectNoneLeft()
            exit(42)
        }
    }

    @Test("a socket that is named is for the virtual server of that name alone")
    func otherName() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let one = Self.tcp()
            Self.handOver([one.descriptor], names: "clients")
            let sockets = try InheritedSockets.fromEnvironment()
            do throws(InheritedSocketError) {
                _ = try sockets.claim(.internet(Self.loopback, port: one.port), for: "internet")
                exit(1)
            } catch {
                exit(error == .otherName(socket: "127.0.0.1:\(one.port) (clients)", expected: "internet") ? 42 : 2)
            }
        }
    }

    @Test("what was meant for a parent is left alone")
    func parent() async {
        await #expect(processExitsWith: .exitCode(42)) {
            Self.handOver([Self.tcp().descriptor], names: nil, to: getppid())
            try InheritedSockets.fromEnvironment().expectNoneLeft()
            exit(getenv("LISTEN_FDS") == nil ? 42 : 1)
        }
    }

    @Test(
        "what is no listening stream socket is refused with its reason",
        arguments: [
            ("file", "it is no stream socket"), ("quiet", "it does not listen for connections"),
            ("datagram", "it is no stream socket"), ("closed", "it is not open"), ("both", "BindIPv6Only=ipv6-only"),
        ])
    func unusable(kind: String, reason: String) async {
        await #expect(processExitsWith: .exitCode(42)) { [kind, reason] in
            switch kind {
            case "file": Self.handOver([open("/dev/null", O_RDONLY)], names: "x")
            case "quiet": Self.handOver([Self.tcp(listening: false).descriptor], names: "x")
            case "datagram": Self.handOver([socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)], names: "x")
            case "both":
                // On a machine without IPv6 there is nothing to refuse.
                guard access("/proc/net/if_inet6", R_OK) == 0 else { exit(42) }
                Self.handOver([Self.ipv6(only: false)], names: "x")
            default:
                Self.handOver([Self.tcp().descriptor], names: "x")
                close(3)
            }
            do throws(InheritedSocketError) {
                _ = try InheritedSockets.fromEnvironment()
                exit(1)
            } catch {
                guard case .unusable(let socket, let text) = error, socket == "3 (x)", text.contains(reason) else { exit(2) }
                exit(42)
            }
        }
    }

    @Test("a number or names that contradict each other are refused", arguments: ["-1", "257", "two", "2"])
    func malformed(count: String) async {
        await #expect(processExitsWith: .exitCode(42)) { [count] in
            Self.handOver([Self.tcp().descriptor], names: "one")
            setenv("LISTEN_FDS", count, 1)
            do throws(InheritedSocketError) {
                _ = try InheritedSockets.fromEnvironment()
                exit(1)
            } catch {
                guard case .malformed = error else { exit(2) }
                exit(42)
            }
        }
    }
}
