import CoreLink
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import NameResolution
import ServiceRuntime
import Topology

/// `postern-delivery`: carries mail out.
///
/// Trusts the core for where mail goes, and no remote server for anything. Holds no mail: content streams from the core, and a slow
/// remote server slows the core's reading. Bounded by S03 and S05, which the core keeps by the leases it gives.
public enum DeliveryDaemon {
    /// Runs until it is asked to end.
    public static func run(_ daemon: Daemon) async -> ExitStatus {
        daemon.dropPrivileges()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let service: NIOLoopBound<DeliveryService>
        do {
            let security = try ConnectorSecurity(daemon.topology, log: daemon.log)
            service = try await eventLoop.submit {
                NIOLoopBound(
                    try DeliveryService(
                        topology: daemon.topology, security: security, holderID: HolderIdentity.make(),
                        machineAddresses: machineAddresses, on: eventLoop, log: daemon.log), eventLoop: eventLoop)
            }.get()
        } catch {
            daemon.fail("delivery cannot start: \(SystemReason.text(of: error))")
        }
        daemon.lifecycle.onReload {
            let refused: ConfigurationRefused
            switch await daemon.askCore() {
            case .success(let topology):
                do {
                    let security = try ConnectorSecurity(topology, log: daemon.log)
                    return eventLoop.execute { service.value.adopt(topology, security: security) }
                } catch let problem as ConnectorSecurity.Problem {
                    refused = ConfigurationRefused(reasons: ["\(problem)"])
                } catch {
                    refused = ConfigurationRefused(reasons: ["\(error)"])
                }
            case .failure(let reasons): refused = reasons
            }
            for reason in refused.reasons {
                daemon.log.error("configuration not reloaded, the old one stays", metadata: ["reason": "\(reason)"])
            }
            eventLoop.execute { service.value.refuse(refused.undone) }
        }
        eventLoop.execute {
            service.value.takingRestart = { daemon.takingRestart($0) }
            service.value.onRevisionDiffers = { _ in daemon.lifecycle.requestReload() }
            service.value.start()
        }
        daemon.lifecycle.watch(eventLoop)
        daemon.lifecycle.ready()
        daemon.log.notice("delivery is ready")
        return await daemon.lifecycle.run {
            await withCheckedContinuation { continuation in
                eventLoop.execute { service.value.drain { continuation.resume() } }
            }
        }
    }

    /// The addresses of this machine's interfaces.
    @Sendable private static func machineAddresses() throws -> Set<IPAddress> {
        Set(try System.enumerateDevices().compactMap { $0.address?.ipAddress.flatMap { IPAddress(parsing: $0) } })
    }
}
