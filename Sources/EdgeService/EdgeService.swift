import CoreLink
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import NameResolution
import ServiceRuntime
import Topology

/// `postern-edge`: takes anonymous mail from the Internet, and relays for nobody.
///
/// Trusts nothing that comes in over TCP, and the core for every decision. Holds no mail: content streams on to the core as it comes,
/// and a slow core slows the sender.
public enum EdgeService {
    /// Runs until it is asked to end.
    public static func run(_ daemon: Daemon) async -> ExitStatus {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let running: NIOLoopBound<RunningEdge>
        do {
            let resolver = try DNSResolver(settings: ResolverSettings(of: daemon.topology))
            running = try await eventLoop.submit {
                NIOLoopBound(RunningEdge(daemon, resolver: resolver, on: eventLoop), eventLoop: eventLoop)
            }.get()
            try await eventLoop.flatSubmit { running.value.listen() }.get()
        } catch {
            daemon.fail("the edge cannot start: \(SystemReason.text(of: error))")
        }
        // Ports below 1024 are bound by now.
        daemon.dropPrivileges()
        daemon.lifecycle.onReload { eventLoop.execute { running.value.reload() } }
        daemon.lifecycle.ready()
        return await daemon.lifecycle.run {
            try? await eventLoop.flatSubmit { running.value.drain() }.get()  // The drain itself does not fail.
        }
    }
}

/// The edge at work. Confined to its event loop.
final class RunningEdge {
    private let daemon: Daemon
    private let eventLoop: any EventLoop
    private let resolver: DNSResolver
    private let pool: LinkPool<EdgeLink>
    private var servers: [String: EdgeVirtualServer] = [:]
    private var topology: Topology

    init(_ daemon: Daemon, resolver: DNSResolver, on eventLoop: any EventLoop) {
        (self.daemon, self.resolver, self.eventLoop, topology) = (daemon, resolver, eventLoop, daemon.topology)
        pool = LinkPool(
            path: "\(daemon.topology.runtimeDirectory)/\(RoleName.edge.socketName)", holder: HolderIdentity.make(),
            revision: daemon.topology.revision, on: eventLoop)
        let lifecycle = daemon.lifecycle
        pool.onRevisionDiffers = { _ in lifecycle.requestReload() }
        for server in daemon.topology.virtualServers where server.isEdge {
            servers[server.name] = EdgeVirtualServer(
                server, topology: daemon.topology, pool: pool, resolver: resolver, on: eventLoop, log: daemon.log)
        }
    }

    func listen() -> EventLoopFuture<Void> {
        let (log, addresses) = (daemon.log, topology.virtualServers.filter(\.isEdge).flatMap(\.listeners).map(\.description))
        return EventLoopFuture.andAllSucceed(servers.values.map { $0.listen() }, on: eventLoop).map {
            log.notice("edge is ready", metadata: ["listen": "\(addresses.joined(separator: " "))"])
        }
    }

    func reload() {
        switch daemon.readConfiguration() {
        case .failure(let refused):
            for reason in refused.reasons {
                daemon.log.error("configuration not reloaded, the old one stays", metadata: ["reason": "\(reason)"])
            }
        case .success(let new):
            if new.resolver != topology.resolver {
                daemon.log.warning("resolver: a change takes effect with the next start of postern-edge")
            }
            topology = new
            pool.revision = new.revision
            pool.closeIdle()
            for server in new.virtualServers where server.isEdge {
                if servers[server.name]?.adopt(server, topology: new) != true {
                    daemon.log.warning(
                        "listen: a change takes effect with the next start of postern-edge", metadata: ["virtual_server": "\(server.name)"])
                }
            }
            daemon.log.notice("configuration reloaded", metadata: ["revision": "\(new.revision)"])
        }
    }

    func drain() -> EventLoopFuture<Void> {
        let futures = servers.values.map { server in
            let promise = eventLoop.makePromise(of: Void.self)
            server.shutDown { promise.succeed() }
            return promise.futureResult
        }
        return EventLoopFuture.andAllSucceed(futures, on: eventLoop)
    }
}
