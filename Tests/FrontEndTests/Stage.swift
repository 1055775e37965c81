import CoreLink
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import NameResolution
import SMTPServer
import Testing
import Topology

@testable import FrontEnd
@testable import ServiceRuntime

/// A virtual server on several event loops, with clients over loopback and without a core.
final class Stage: Sendable {
    static let loops = 4

    let group: MultiThreadedEventLoopGroup
    let budgets: VirtualServerBudgets
    private let resolver: DNSResolver
    private let first: any EventLoop
    private let listeners: NIOLoopBound<VirtualServerListeners>
    private let address: SocketAddress?

    /// - Parameters:
    ///   - listen: the addresses of the virtual server.
    ///   - waitsForPort: whether one that is taken may be bound later.
    init(
        _ connections: ConnectionSettings, listen: [Listener] = [Listener(address: IPAddress(ipv4: 0x7F00_0001), port: 0)],
        waitsForPort: Bool = false
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: Self.loops)
        let resolver = try DNSResolver(settings: ResolverSettings())
        let server = Self.server(connections, listen)
        let topology = try Self.topology(server, "mx.one.test")
        let (shared, budgets) = (SharedBudgets(topology.budgets), VirtualServerBudgets(server, budgets: topology.budgets))
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var parts: [NIOLoopBound<VirtualServerConnections>] = []
        for loop in group.makeIterator() {
            parts.append(
                try await loop.submit {
                    let own = FrontEndLoop<EdgeLink>(topology, budgets: shared, logsIn: false, resolver: resolver, on: loop)
                    return NIOLoopBound(
                        VirtualServerConnections(
                            server, topology: topology, transport: nil, budgets: budgets, side: own.side, on: loop, log: log),
                        eventLoop: loop)
                }.get())
        }
        let (first, connections) = (group.next(), parts)
        let listeners = try await first.submit {
            NIOLoopBound(
                VirtualServerListeners(server, budgets: budgets, connections: connections, acceptingOn: first, of: group, log: log),
                eventLoop: first)
        }.get()
        try await first.flatSubmit { listeners.value.listen(InheritedSockets([])) { _ in waitsForPort } }.get()
        address = try await first.submit { listeners.value.listeners.first?.channel.localAddress }.get()
        (self.group, self.budgets, self.resolver, self.first, self.listeners) = (group, budgets, resolver, first, listeners)
    }

    private static func server(_ connections: ConnectionSettings, _ listen: [Listener]) -> VirtualServer {
        VirtualServer(
            name: "internet", listeners: listen, connections: connections,
            reverseDNS: ReverseDNSPolicy(lookup: false))
    }

    private static func topology(_ server: VirtualServer, _ hostname: String) throws -> Topology {
        Topology(hostname: try #require(DomainName(parsing: hostname)), runtimeDirectory: "/nowhere", virtualServers: [server])
    }

    /// As after a reload, when every event loop has the new configuration.
    func adopt(
        _ connections: ConnectionSettings, hostname: String, listen: [Listener] = [Listener(address: IPAddress(ipv4: 0x7F00_0001), port: 0)]
    ) async throws {
        let server = Self.server(connections, listen)
        let topology = try Self.topology(server, hostname)
        try await first.flatSubmit { [listeners] in listeners.value.adopt(server, topology: topology, transport: nil) }.get()
    }

    /// Asks the virtual server's listeners something, on the loop that they belong to.
    func listeners<Value: Sendable>(_ body: @escaping @Sendable (VirtualServerListeners) -> EventLoopFuture<Value>) async throws -> Value {
        try await first.flatSubmit { [listeners] in body(listeners.value) }.get()
    }

    /// What the configuration says and is not so.
    var undone: [String] {
        get async throws { try await first.submit { [listeners] in listeners.value.undone(by: "postern-edge") }.get() }
    }

    /// Connects from an address of loopback.
    ///
    /// - Parameter number: 127.0.1.number.
    func connect(from number: UInt32, to: SocketAddress? = nil) async throws -> Client {
        let heard = group.next().makePromise(of: String.self)
        do {
            let source = try SocketAddress(ipAddress: "127.0.1.\(number)", port: 0)
            let target = try to ?? #require(address)
            let channel = try await ClientBootstrap(group: group).bind(to: source).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Client.Ear(heard)) }
            }.connect(to: target).get()
            return Client(heard: heard.futureResult, channel: channel)
        } catch {
            heard.fail(error)
            throw error
        }
    }

    func shutDown() async throws { try await first.flatSubmit { [listeners] in listeners.value.shutDown() }.get() }

    func end() async throws {
        try await shutDown()
        try await resolver.shutDown(on: first).get()
        try await group.shutdownGracefully()
    }

    struct Client: Sendable {
        fileprivate let heard: EventLoopFuture<String>
        fileprivate let channel: any Channel

        /// The first line that the server said.
        var greeting: String { get async throws { try await heard.get() } }
        /// Waits until the connection has ended.
        func ended() async throws { try await channel.closeFuture.get() }

        fileprivate final class Ear: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            private let heard: EventLoopPromise<String>
            private var text = ""

            init(_ heard: EventLoopPromise<String>) { self.heard = heard }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                text += String(buffer: unwrapInboundIn(data))
                if let end = text.firstIndex(of: "\r\n") { heard.succeed(String(text[..<end])) }
            }

            func channelInactive(context: ChannelHandlerContext) { heard.fail(ChannelError.eof) }
        }
    }
}
