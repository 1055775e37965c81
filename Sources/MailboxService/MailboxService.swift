import CoreLink
import LeasedDelivery
import Logging
import MailVocabulary
import MessageFormat
import NIOCore
import NIOPosix
import Routing
import SMTPClient
import ServiceRuntime
import Topology

/// `postern-mailbox`: hands mail to mailboxes, as Maildir or over LMTP.
///
/// Trusts the core for whose mail it is. Talks to no host but the LMTP servers of the configuration.
public enum MailboxDaemon {
    /// Runs until it is asked to end.
    public static func run(_ daemon: Daemon) async -> ExitStatus {
        daemon.dropPrivileges()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let service: NIOLoopBound<MailboxService>
        do {
            service = try await eventLoop.submit {
                NIOLoopBound(
                    MailboxService(topology: daemon.topology, holderID: HolderIdentity.make(), on: eventLoop, log: daemon.log),
                    eventLoop: eventLoop)
            }.get()
        } catch {
            daemon.fail("mailbox cannot start: \(SystemReason.text(of: error))")
        }
        daemon.lifecycle.onReload {
            switch await daemon.askCore() {
            case .success(let topology): eventLoop.execute { service.value.adopt(topology) }
            case .failure(let refused):
                for reason in refused.reasons {
                    daemon.log.error("configuration not reloaded, the old one stays", metadata: ["reason": "\(reason)"])
                }
                eventLoop.execute { service.value.refuse(refused.undone) }
            }
        }
        eventLoop.execute {
            service.value.onRevisionDiffers = { _ in daemon.lifecycle.requestReload() }
            service.value.start()
        }
        daemon.lifecycle.watch(eventLoop)
        daemon.lifecycle.ready()
        daemon.log.notice("mailbox is ready")
        return await daemon.lifecycle.run {
            await withCheckedContinuation { continuation in
                eventLoop.execute { service.value.drain { continuation.resume() } }
            }
        }
    }
}

/// The mailbox process at work. Confined to its event loop.
final class MailboxService {
    private let eventLoop: any EventLoop
    private let log: Logger
    private var topology: Topology
    private var holder: LeaseHolder<MailboxLink>!
    private var lmtp: HopWorker<MailboxLink>!
    private var maildir: MaildirWorker!
    var onRevisionDiffers: (String) -> Void = { _ in }
    /// Why the configuration that the core runs with was not taken up; empty where it was.
    private var refusals: [String] = []

    init(topology: Topology, holderID: UInt64, on eventLoop: any EventLoop, log: Logger) {
        (self.topology, self.eventLoop, self.log) = (topology, eventLoop, log)
        lmtp = HopWorker(on: eventLoop, log: log) { [unowned self] in resolve($0) }
        maildir = MaildirWorker(on: eventLoop, log: log, hostname: topology.hostname)
        holder = LeaseHolder(
            settings: .init(
                to: LinkAddress(of: .mailbox, in: topology), holder: holderID, revision: topology.revision),
            on: eventLoop, log: { [log] in log.notice("\($0)") },
            onWork: { [unowned self] in begin($0, $1, $2) }, onIdle: { [lmtp = lmtp!] in lmtp.close($0) },
            onRevoked: { [lmtp = lmtp!] in lmtp.abort($0) })
        holder.onRevisionDiffers = { [unowned self] in onRevisionDiffers($0) }
        holder.report = { [unowned self] in
            DaemonReport(
                revision: refusals.isEmpty ? self.topology.revision : holder.coreRevision ?? self.topology.revision, undone: refusals)
        }
    }

    func start() { holder.start() }

    func drain(_ completion: @escaping () -> Void) { holder.drain(completion) }

    func adopt(_ topology: Topology) {
        self.topology = topology
        lmtp.configurationChanged()
        holder.settings.revision = topology.revision
        refuse([])
    }

    /// - Parameter undone: why the configuration that the core runs with cannot be taken up, a sentence for each reason; the core is told.
    func refuse(_ undone: [String]) {
        refusals = undone
        holder.sayReport()
    }

    private func begin(_ session: LeaseSession<MailboxLink>, _ work: LeasedWork, _ content: LeaseSession<MailboxLink>.Content) {
        if case .maildir(let template)? = topology.connector(named: work.connector)?.deliver {
            maildir.begin(session, work, content, template: template)
        } else {
            lmtp.begin(session, work, content)
        }
    }

    private func resolve(_ work: LeasedWork) -> EventLoopFuture<HopResolution> {
        guard let connector = topology.connector(named: work.connector), case .lmtp(let target) = connector.deliver else {
            return eventLoop.makeSucceededFuture(
                .failure(Reply(451, "4.3.5", "connector '\(work.connector)' is not in the configuration that mailbox has read")))
        }
        let plan = HopPlan(lmtp: target, profile: topology.outboundProfile(of: connector), ourName: topology.hostname)
        return eventLoop.makeSucceededFuture(
            plan.map { .plan($0) }
                ?? .failure(
                    Reply(
                        451, "4.4.3",
                        "the LMTP server \(target) is not given by its address, and postern-mailbox does no DNS lookups: write its address in `lmtp`"
                    )))
    }
}
