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
    /// Hears of it when the core takes another configuration, also where no mail comes in.
    private let watch: RevisionWatch<EdgeLink>
    private var servers: [String: EdgeVirtualServer] = [:]
    /// No more in the configuration; they finish what is under way.
    private var closing: [EdgeVirtualServer] = []
    /// The core's revision that a line about has been logged.
    private var saidDifference: String?
    private var topology: Topology

    init(_ daemon: Daemon, resolver: DNSResolver, on eventLoop: any EventLoop) {
        (self.daemon, self.resolver, self.eventLoop, topology) = (daemon, resolver, eventLoop, daemon.topology)
        pool = LinkPool(
            path: "\(daemon.topology.runtimeDirectory)/\(RoleName.edge.socketName)", holder: HolderIdentity.make(),
            revision: daemon.topology.revision, on: eventLoop)
        watch = RevisionWatch(
            path: "\(daemon.topology.runtimeDirectory)/\(RoleName.edge.socketName)", holder: HolderIdentity.make(),
            revision: daemon.topology.revision, on: eventLoop)
        let (lifecycle, log) = (daemon.lifecycle, daemon.log)
        watch.onRevisionDiffers = { _ in lifecycle.requestReload() }
        watch.onChange = { error in
            if let error {
                log.warning("the core cannot be reached: clients are told to come back", metadata: ["error": "\(error)"])
            } else {
                log.info("connected to the core")
            }
        }
        for server in daemon.topology.virtualServers where server.isEdge {
            servers[server.name] = EdgeVirtualServer(
                server, topology: daemon.topology, pool: pool, resolver: resolver, on: eventLoop, log: daemon.log)
        }
    }

    func listen() -> EventLoopFuture<Void> {
        watch.start()
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
        case .success(let new) where new.revision == topology.revision: sayRevisionDiffers(from: new)
        case .success(let new): adopt(new)
        }
    }

    /// The file is what this process has already. If the core has another, only `postern reload` brings them together.
    private func sayRevisionDiffers(from file: Topology) {
        guard let core = watch.coreRevision, core != file.revision, saidDifference != core else { return }
        saidDifference = core
        daemon.log.error(
            "the core runs with another revision of the configuration than is in the file: run `postern reload`",
            metadata: ["core": "\(core)", "file": "\(file.revision)"])
    }

    private func adopt(_ new: Topology) {
        if new.resolver != topology.resolver {
            daemon.log.warning("resolver: a change takes effect with the next start of postern-edge")
        }
        topology = new
        saidDifference = nil
        pool.revision = new.revision
        pool.closeIdle()
        watch.adopt(new.revision)
        let edges = new.virtualServers.filter(\.isEdge)
        for server in edges where servers[server.name]?.adopt(server, topology: new) != true {
            daemon.log.warning(
                "listen: a change takes effect with the next start of postern-edge", metadata: ["virtual_server": "\(server.name)"])
        }
        for name in Set(servers.keys).subtracting(edges.map(\.name)) {
            daemon.log.notice("virtual server removed", metadata: ["virtual_server": "\(name)"])
            guard let removed = servers.removeValue(forKey: name) else { continue }
            closing.append(removed)
            removed.shutDown { [self] in closing.removeAll { $0 === removed } }
        }
        daemon.log.notice("configuration reloaded", metadata: ["revision": "\(new.revision)"])
    }

    func drain() -> EventLoopFuture<Void> {
        watch.stop()
        let futures = servers.values.map { server in
            let promise = eventLoop.makePromise(of: Void.self)
            server.shutDown { promise.succeed() }
            return promise.futureResult
        }
        return EventLoopFuture.andAllSucceed(futures, on: eventLoop)
    }
}
