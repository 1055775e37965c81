import MailVocabulary
import NIOCore
import NIOPosix
import Testing
import Topology

@testable import FrontEnd

@Suite("Kind: one of several addresses keeps the others from nothing", .timeLimit(.minutes(1)))
struct ListenersTests {
    private static let loopback = IPAddress(ipv4: 0x7F00_0001)
    /// Of TEST-NET-1 (RFC 5737): no machine has it.
    private static let foreign = IPAddress(ipv4: 0xC000_0207)

    /// A port of 127.0.0.1 that somebody else listens on until it is closed.
    private func taken() async throws -> (channel: any Channel, port: Int) {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        return (channel, try #require(channel.localAddress?.port))
    }

    @Test("an address that this machine does not have: the others listen, the log and the core hear of it, and it is bound before it comes")
    func addressNotThere() async throws {
        let (other, port) = try await taken()
        try await other.close()
        let absent = Listener(address: Self.foreign, port: port)
        let stage = try await Stage(ConnectionSettings(), listen: [Listener(address: Self.loopback, port: 0), absent])
        #expect(try await stage.connect(from: 1).greeting.hasPrefix("220 "))
        let undone = try await stage.undone
        #expect(undone == ["nobody reaches it on 192.0.2.7:\(port) ((built in)): this machine does not have the address now"], "\(undone)")
        // It comes, and goes again: a floating address.
        try await stage.listeners { listeners in
            listeners.isHere = { _ in true }
            return listeners.look()
        }
        #expect(try await stage.undone.isEmpty)
        try await stage.listeners { listeners in
            listeners.isHere = { $0 != Self.foreign }
            return listeners.look()
        }
        #expect(try await stage.undone.count == 1)
        try await stage.end()
    }

    @Test("whether an address is this machine's is asked of the kernel")
    func machineAddress() {
        #expect(MachineAddress.isHere(Self.loopback))
        #expect(MachineAddress.isHere(IPAddress(ipv4: 0)))
        #expect(!MachineAddress.isHere(Self.foreign))
    }

    @Test("a port that another process has: the others listen where it may come free, and it is bound when it does")
    func portTaken() async throws {
        let (other, port) = try await taken()
        let listen = [Listener(address: Self.loopback, port: 0), Listener(address: Self.loopback, port: port)]
        let stage = try await Stage(ConnectionSettings(), listen: listen, waitsForPort: true)
        #expect(try await stage.connect(from: 1).greeting.hasPrefix("220 "))
        let undone = try await stage.undone
        #expect(undone.count == 1 && undone[0].contains("127.0.0.1:\(port)") && undone[0].contains("Address already in use"), "\(undone)")
        try await other.close()
        try await stage.listeners { $0.look() }
        #expect(try await stage.undone.isEmpty)
        #expect(try await stage.connect(from: 1, to: SocketAddress(ipAddress: "127.0.0.1", port: port)).greeting.hasPrefix("220 "))
        try await stage.end()
    }

    @Test("where it cannot be waited for, or nothing else is bound, a port that is taken is an error")
    func portTakenAtStart() async throws {
        let (other, port) = try await taken()
        let taken = Listener(address: Self.loopback, port: port)
        await #expect(throws: VirtualServerListeners.CannotListen.self) {
            _ = try await Stage(ConnectionSettings(), listen: [Listener(address: Self.loopback, port: 0), taken])
        }
        await #expect(throws: VirtualServerListeners.CannotListen.self) {
            _ = try await Stage(ConnectionSettings(), listen: [taken], waitsForPort: true)
        }
        try await other.close()
    }

    @Test("a reload listens on what is new at once, and no more on what is gone")
    func reload() async throws {
        let (other, port) = try await taken()
        try await other.close()
        let (old, new) = (Listener(address: Self.loopback, port: port), Listener(address: IPAddress(ipv4: 0x7F00_0002), port: port))
        let stage = try await Stage(ConnectionSettings(), listen: [old])
        try await stage.adopt(ConnectionSettings(), hostname: "mx.two.test", listen: [new])
        try await stage.listeners { $0.openNew { _ in nil } }
        try await stage.listeners { $0.closeOld() }
        #expect(try await stage.connect(from: 1, to: SocketAddress(ipAddress: "127.0.0.2", port: port)).greeting.hasPrefix("220 mx.two"))
        await #expect(throws: (any Error).self) {
            _ = try await stage.connect(from: 1, to: SocketAddress(ipAddress: "127.0.0.1", port: port))
        }
        #expect(try await stage.undone.isEmpty)
        try await stage.end()
    }

    @Test(
        "an address that moves from one virtual server to another takes its socket along: nobody is refused meanwhile, and no right is needed"
    )
    func handedOver() async throws {
        let (other, port) = try await taken()
        try await other.close()
        let listener = Listener(address: Self.loopback, port: port)
        let first = try await Stage(ConnectionSettings(), listen: [listener])
        let second = try await Stage(ConnectionSettings(), listen: [Listener(address: IPAddress(ipv4: 0x7F00_0002), port: port)])
        #expect(try await first.listeners { $0.eventLoopFuture($0.release("127.0.0.1:\(port)", unlessIn: [listener.endpoint])) } == nil)
        let socket = try #require(try await first.listeners { $0.eventLoopFuture($0.release("127.0.0.1:\(port)", unlessIn: [])) })
        try await second.adopt(ConnectionSettings(), hostname: "mx.second.test", listen: [listener])
        // Between the two it waits in the queue of the socket.
        async let client = second.connect(from: 1, to: SocketAddress(ipAddress: "127.0.0.1", port: port))
        try await second.listeners { $0.openNew { $0.endpoint == listener.endpoint ? socket : nil } }
        try await second.listeners { $0.closeOld() }
        #expect(try await client.greeting.hasPrefix("220 mx.second.test"))
        #expect(try await second.undone.isEmpty)
        try await first.end()
        try await second.end()
    }
}

extension VirtualServerListeners {
    fileprivate func eventLoopFuture<Value: Sendable>(_ value: Value) -> EventLoopFuture<Value> {
        MultiThreadedEventLoopGroup.singleton.next().makeSucceededFuture(value)
    }
}
