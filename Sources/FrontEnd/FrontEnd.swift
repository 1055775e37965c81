import CoreLink
import NIOCore
import NIOPosix
import NameResolution
import ServiceRuntime
import Topology

/// A daemon that listens for SMTP and submits what comes in: what edge and submission have in common.
///
/// Trusts nothing that comes in over TCP, and the core for every decision. Holds no mail: content streams on to the core as it comes,
/// and a slow core slows the sender.
public enum FrontEnd {
    /// Runs until it is asked to end.
    ///
    /// - Parameters:
    ///   - role: of the socket to the core.
    ///   - serves: which virtual servers of the configuration are this daemon's.
    ///   - logsIn: whether its clients can log in.
    public static func run<Role: SubmitRole & SendableMetatype>(
        _ daemon: Daemon, as role: Role.Type, serving serves: @escaping @Sendable (VirtualServer) -> Bool, logsIn: Bool
    ) async -> ExitStatus {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: EventLoopCount.forUse(of: Processors.count()))
        let eventLoop = group.next()
        let running: NIOLoopBound<RunningFrontEnd<Role>>
        do {
            let resolver = try DNSResolver(settings: ResolverSettings(of: daemon.topology))
            running = try await eventLoop.submit {
                NIOLoopBound(
                    try RunningFrontEnd(
                        daemon, serving: serves, logsIn: logsIn, resolver: resolver, on: eventLoop, of: group), eventLoop: eventLoop)
            }.get()
            try await eventLoop.flatSubmit { running.value.listen() }.get()
        } catch let error as InheritedSocketError {
            daemon.fail("\(error)", .configuration)
        } catch {
            daemon.fail("postern-\(daemon.role.rawValue) cannot start: \(SystemReason.text(of: error))")
        }
        // Ports below 1024 are bound by now.
        daemon.dropPrivileges()
        eventLoop.execute { running.value.start() }
        daemon.lifecycle.onReload {
            let configuration = await daemon.askCore()
            try? await eventLoop.flatSubmit { running.value.reload(configuration) }.get()  // What went wrong has been logged.
        }
        for (number, loop) in group.makeIterator().enumerated() {
            daemon.lifecycle.watch("event loop \(number + 1)") { answer in loop.execute(answer) }
        }
        let addresses = try? await eventLoop.submit { running.value.addresses }.get()  // It does not fail.
        daemon.lifecycle.ready(status: "listens on \(addresses ?? "")")
        return await daemon.lifecycle.run {
            try? await eventLoop.flatSubmit { running.value.drain() }.get()  // The drain itself does not fail.
        }
    }
}
