import CoreLink
import Directory
import DurableStorage
import Explanation
import Logging
import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore
import NIOPosix
import Routing
import ServiceRuntime
import Topology

/// What the sessions of the core share: configuration, routing, directory, queue. Confined to the core's event loop.
final class Core {
    let eventLoop: any EventLoop
    let log: Logger
    let directory: Directory
    let contentFiles: ContentFiles
    let contentFolder: FolderSync
    let reserve: StorageReserve
    /// For content files: reading and writing them blocks.
    let fileThreads: NIOThreadPool
    let startedAt = Timestamp.now()
    private(set) var topology: Topology
    private(set) var routing: RoutingTable
    var connectors = ConnectorWatch()
    /// Those that cover some of the same domains, by connector.
    private(set) var rivals: [String: Set<String>]
    /// Mail that came in before was decided about by another configuration.
    private(set) var reconfiguredAt: Timestamp
    private(set) var refusals = RefusalLog()
    private(set) var queue: MessageQueue!
    private(set) var recorder: OutcomeRecorder!
    private let store: SQLiteQueueStore
    private let readConfiguration: () -> Result<Topology, ControlRefusal>
    var metrics = Metrics()
    var tokens = SessionTokens()
    var lookups = LookupAllowance()
    /// Of one message; tests take fewer.
    var mostFinalRecipients = TooManyRecipients.mostFinalRecipients
    private(set) var expiredLeases = 0
    /// Set when the core begins to end: connections that break from now on say nothing of their peers.
    var isStopping = false
    /// Called when a new configuration is in force.
    var onReload: (Topology) -> Void = { _ in }

    /// - Parameter readConfiguration: reads and checks the file again, for a reload.
    init(
        topology: Topology, directory: Directory, store: SQLiteQueueStore, contentFiles: ContentFiles, epoch: UInt32, largestID: Int64,
        holders: [HolderRecord], fileThreads: NIOThreadPool, on eventLoop: any EventLoop, log: Logger,
        reconfiguredAt: Timestamp = Timestamp(seconds: 0),
        readConfiguration: @escaping () -> Result<Topology, ControlRefusal>
    ) {
        (self.topology, self.directory, self.store, self.contentFiles) = (topology, directory, store, contentFiles)
        (self.fileThreads, self.eventLoop, self.log, self.readConfiguration) = (fileThreads, eventLoop, log, readConfiguration)
        reserve = StorageReserve(
            path: contentFiles.directory, logPath: "\(FilePath.parent(of: contentFiles.directory))/queue.sqlite-wal",
            fileSystem: contentFiles.fileSystem, makeRoom: { [store] in store.makeRoom() })
        contentFolder = FolderSync(of: contentFiles, threads: fileThreads, on: eventLoop)
        routing = RoutingTable(topology)
        (rivals, self.reconfiguredAt) = (topology.rivals, reconfiguredAt)
        recorder = OutcomeRecorder(core: self)
        queue = MessageQueue(
            store: store, on: eventLoop, epoch: epoch, largestID: largestID, holders: holders,
            limits: { [unowned self] in policy(of: $0) }, report: { [unowned self] in note($0) },
            expired: { [unowned self] in recorder.deferAll($0, reply: $1) })
    }

    // MARK: Sessions

    private var submitSessions: [ObjectIdentifier: SubmitSession] = [:]
    private var leaseSessions: [ObjectIdentifier: LeaseServerSession] = [:]

    func begin(_ session: SubmitSession) { submitSessions[ObjectIdentifier(session)] = session }

    func begin(_ session: LeaseServerSession) { leaseSessions[ObjectIdentifier(session)] = session }
    func ended(_ session: SubmitSession) { submitSessions[ObjectIdentifier(session)] = nil }
    func ended(_ session: LeaseServerSession) { leaseSessions[ObjectIdentifier(session)] = nil }

    /// Messages that are coming in, or whose end has not been answered yet.
    var hasOpenTransactions: Bool { submitSessions.values.contains { $0.hasOpenTransaction } }

    /// No further transaction on any front end's connection; those under way go on.
    func stopSubmissions() {
        for session in submitSessions.values { session.retire() }
    }

    /// A new revision is in force: idle front-end connections end, and their processes learn of it when they come back; holders are told.
    func announce(_ revision: String) {
        for session in submitSessions.values { session.retire() }
        for session in leaseSessions.values { session.tell(revision) }
    }

    // MARK: Routing

    enum RecipientDecision {
        case accepted([RoutedRecipient], DecisionTrace)
        case refused(Reply)
    }

    /// Decides about one recipient at `RCPT`.
    ///
    /// - Parameter room: final addresses that it may become at most.
    func decide(
        _ recipient: EnvelopeRecipient, sender: EnvelopeSender, origin: MailOrigin, id: QueueID, room: Int
    ) -> RecipientDecision {
        decide(Self.facts(recipient.address, sender: sender, origin: origin, id: id), room: room)
    }

    private static func facts(_ recipient: EmailAddress, sender: EnvelopeSender, origin: MailOrigin, id: QueueID) -> RecipientFacts {
        let now = Timestamp.now()
        return RecipientFacts(
            origin: origin, reversePath: sender.reversePath, recipient: recipient, size: sender.declaredSize, message: id, time: now,
            utcOffset: LocalTime.offset(at: now.seconds))
    }

    /// Whether whoever is logged in may send with this reverse-path; nil where nothing speaks against it.
    func refusal(ofSender sender: EnvelopeSender, in session: SubmissionSession) -> Reply? {
        do {
            let verdict = try routing.decideSender(
                session, reversePath: sender.reversePath, directory: CoreDirectory(directory: directory))
            if let refusal = verdict.refusal { refusals.note(refusal, sender, in: session, at: .now(), verdict.trace) }
            return verdict.refusal?.reply
        } catch {
            log.error("the directory cannot be read", metadata: ["from": "\(sender.reversePath)", "error": "\(error)"])
            return Self.directoryFails
        }
    }

    /// A front end refused somebody by a rule of its virtual server. Of a server or rule that this configuration does not have nothing
    /// is kept: the front end may have the one before.
    func note(_ refused: SessionRefusal, isSubmission: Bool) {
        let facts = refused.facts
        guard let server = topology.virtualServer(named: facts.virtualServer), server.isEdge != isSubmission,
            let rule = RefusalRule(refused.rule, of: server)
        else { return }
        let origin: MailOrigin =
            isSubmission
            ? .submission(
                SubmissionSession(
                    virtualServer: server.name, clientAddress: facts.clientAddress, confirmedHostName: facts.confirmedHostName))
            : .edge(
                EdgeSession(virtualServer: server.name, clientAddress: facts.clientAddress, confirmedHostName: facts.confirmedHostName))
        // Its size is bounded here: a front end that was taken over says what it likes.
        let words = refused.reply.lines.first.map { String($0.unicodeScalars.prefix(Self.mostScalarsOfReply)) } ?? ""
        refusals.note(
            RefusalLog.Record(
                time: .now(), origin: origin, reversePath: refused.reversePath, code: rule.code,
                reply: Reply(refused.reply.code, refused.reply.status, words)), count: Int(refused.count))
    }

    private static let mostScalarsOfReply = 512

    private static let directoryFails = Reply(451, "4.3.0", "Temporary failure of the directory, try again later")

    /// Whether the decision depends on what only the message itself tells.
    var looksAtContent: Bool { routing.restrictsContent }

    /// Decides again at the end of the data (E15), about a recipient that was accepted at `RCPT`.
    func confirm(
        _ routes: [RoutedRecipient], writtenTo recipient: EmailAddress, sender: EnvelopeSender, origin: MailOrigin, id: QueueID, size: Int,
        nature: MessageNature
    ) -> RecipientDecision {
        var known = Self.facts(recipient, sender: sender, origin: origin, id: id)
        (known.size, known.isAutomatic) = (size, nature.isAutomatic)
        known.priority =
            switch nature.priority {
            case .high: .high
            case .normal: .normal
            case .low: .low
            }
        return decide(known) { [routing, connectors] in
            try routing.confirm($0, routes: routes, states: connectors.states, directory: $1)
        }
    }

    private func decide(_ facts: RecipientFacts, room: Int = .max) -> RecipientDecision {
        decide(facts, room: room) { [routing, connectors] in try routing.decide($0, states: connectors.states, directory: $1) }
    }

    private func decide(
        _ facts: RecipientFacts, room: Int = .max, by rules: (RecipientFacts, CoreDirectory) throws -> Decision
    ) -> RecipientDecision {
        let decision: Decision
        do {
            decision = try rules(facts, CoreDirectory(directory: directory, room: room))
        } catch is TooManyRecipients {
            return .refused(TooManyRecipients.reply)
        } catch {
            log.error(
                "the directory cannot be read", metadata: ["queue_id": "\(facts.message)", "to": "\(facts.recipient)", "error": "\(error)"])
            return .refused(Self.directoryFails)
        }
        log.debug("decided", metadata: ["queue_id": "\(facts.message)", "to": "\(facts.recipient)", "trace": "\(decision.trace)"])
        switch decision.outcome {
        case .deliver(let routed): return .accepted(routed, decision.trace)
        case .refuse(let refusal):
            refusals.note(refusal, facts, decision.trace)
            return .refused(refusal.reply)
        }
    }

    /// Whether the configuration still carries this route.
    func carries(_ route: Route) -> Bool {
        guard let hop = NextHop(parsing: route.nextHop) else { return false }
        if case .unknownTo(let domain) = hop { return route.connector.isEmpty && topology.unknownRecipientsHost(of: domain) != nil }
        guard let connector = topology.connector(named: route.connector) else { return false }
        return switch (hop, connector.deliver) {
        case (.domain, .dns), (.address, .dns), (.maildir, .maildir), (.lmtp, .lmtp), (.held, .held): true
        case (.smartHosts, .smartHosts(_, let directFirst)): !directFirst
        case (.directFirst, .smartHosts(_, let directFirst)): directFirst
        default: false
        }
    }

    struct Refused: Error { let reply: Reply }

    /// Decides again on a recipient in the queue, by today's configuration and the facts that the queue has.
    ///
    /// - Parameters:
    ///   - writtenTo: as the queue recorded it; nil: the address itself.
    ///   - connector: the one that has it so far.
    /// - Throws: what the directory throws.
    func decideAgain(
        _ address: EmailAddress, writtenTo: EmailAddress?, of message: StoredMessage, from connector: String
    ) throws -> Decision {
        let origin = origin(of: message)
        let now = Timestamp.now()
        let facts = RecipientFacts(
            origin: origin, reversePath: message.head.sender.reversePath, recipient: writtenTo ?? address, size: message.head.size,
            message: message.head.id, time: now, utcOffset: LocalTime.offset(at: now.seconds))
        return try routing.reroute(
            facts, to: address, from: connector, states: connectors.states, directory: CoreDirectory(directory: directory))
    }

    /// The way that a recipient in the queue takes by today's configuration; parameters as of `decideAgain`.
    func reroute(
        _ address: EmailAddress, writtenTo: EmailAddress?, of message: StoredMessage, from connector: String
    ) -> Result<Route, Refused> {
        do {
            switch try decideAgain(address, writtenTo: writtenTo, of: message, from: connector).outcome {
            case .deliver(let routed):
                guard let first = routed.first else { return .failure(Refused(reply: Reply(550, "5.4.4", "no route"))) }
                return .success(Route(first))
            case .refuse(let refusal): return .failure(Refused(reply: refusal.reply))
            }
        } catch {
            return .failure(Refused(reply: Reply(451, "4.3.0", "the directory cannot be read")))
        }
    }

    /// As it was when the message came in; a virtual server that is gone was an edge: that permits least.
    private func origin(of message: StoredMessage) -> MailOrigin {
        let known = message.origin
        guard let address = known.clientAddress else { return .system }
        guard let server = topology.virtualServer(named: known.virtualServer), !server.isEdge else {
            return .edge(
                EdgeSession(virtualServer: known.virtualServer, clientAddress: address, confirmedHostName: known.confirmedHostName))
        }
        return .submission(
            SubmissionSession(
                virtualServer: known.virtualServer, clientAddress: address, confirmedHostName: known.confirmedHostName,
                account: known.account))
    }

    private func policy(of route: Route) -> RoutePolicy {
        let connector = topology.connector(named: route.connector)
        // What no connector has (E06) goes by the profile that connectors have unless they name another.
        guard let profile = connector.map(topology.outboundProfile) ?? (route.connector.isEmpty ? topology.defaultOutboundProfile : nil)
        else { return RoutePolicy(perHop: 1, group: "", total: nil) }
        let retry = RetrySchedule(
            first: profile.retry.first, second: profile.retry.second, third: profile.retry.third, subsequent: profile.retry.subsequent,
            expiration: profile.expiration,
            // Soon enough to find out whether the mail had better take the other way.
            glitches: rivals[route.connector] != nil ? UInt32(ConnectorWatch.failuresUntilDown - 1) : 0)
        switch connector?.deliver {
        // A folder is no remote domain: as many writers as the disk likes at once.
        case .maildir: return RoutePolicy(perHop: 32, group: "maildir:\(route.connector)", total: nil, retry: retry)
        default:
            return RoutePolicy(
                perHop: profile.connections.limitPerDomain, group: profile.name, total: profile.connections.limit, retry: retry)
        }
    }

    // MARK: Reports

    /// A message of our own to somebody: routed like any other, with the null reverse-path. nil where there is no way to them.
    func system(_ report: DeliveryReport.Message, to address: EmailAddress) -> QueuedMessage? {
        let id = queue.nextID()
        let now = Timestamp.now()
        let facts = RecipientFacts(
            origin: .system, reversePath: .null, recipient: address, size: report.content.readableBytes, message: id, time: now,
            utcOffset: LocalTime.offset(at: now.seconds))
        guard case .accepted(let routed, let trace) = decide(facts), !routed.isEmpty else {
            log.warning(
                "a report cannot be delivered to its addressee, and is dropped", metadata: ["queue_id": "\(id)", "to": "\(address)"])
            return nil
        }
        metrics.reportsWritten += 1
        var record = DecisionRecord(revision: topology.revision)
        record.add(address, trace)
        log.info("report written", metadata: ["queue_id": "\(id)", "to": "\(address)"])
        return QueuedMessage(
            id: id, receivedAt: .now(),
            sender: EnvelopeSender(reversePath: .null, body: report.body, smtpUTF8: report.smtpUTF8), origin: .system,
            size: report.content.readableBytes, has8BitOctets: report.body == .eightBitMIME, content: .inline(report.content),
            recipients: routed.enumerated().map { index, target in
                QueuedRecipient(
                    index: UInt32(index), recipient: EnvelopeRecipient(address: target.address, notify: .never),
                    writtenTo: target.address == address ? nil : address, route: Route(target))
            }, decided: record.text)
    }

    /// Enough of a message's content for a report on it; empty where it cannot be read, since the report matters more.
    func beginningOfContent(_ head: MessageHead, completion: @escaping (ByteBuffer) -> Void) {
        switch head.content {
        case .inline(let bytes): completion(bytes)
        case .file:
            let files = contentFiles
            fileThreads.runIfActive(eventLoop: eventLoop) { try files.beginning(of: head.id, octets: DeliveryReport.maximumHeaderOctets) }
                .assumeIsolated()
                .whenComplete { [log] result in
                    if case .failure(let error) = result {
                        log.error("content cannot be read", metadata: ["queue_id": "\(head.id)", "error": "\(error)"])
                    }
                    completion((try? result.get()) ?? ByteBuffer())  // Said above.
                }
        case nil:
            queue.message(head.id).assumeIsolated().whenComplete { result in
                if case .success(let message?) = result, case .inline(let bytes) = message.head.content {
                    completion(bytes)
                } else {
                    completion(ByteBuffer())
                }
            }
        }
    }

    /// Removes the content file of a message that has left the queue.
    func removeContentIfUnnamed(_ id: QueueID) {
        let (files, log) = (contentFiles, log)
        queue.message(id).assumeIsolated().whenComplete { [fileThreads, eventLoop] result in
            // Where it cannot be told, the file stays; the next start removes it if nobody names it.
            guard case .success(nil) = result else { return }
            fileThreads.runIfActive(eventLoop: eventLoop) { try files.removeIfThere(id) }.whenFailure { error in
                log.error("content file not removed", metadata: ["queue_id": "\(id)", "error": "\(error)"])
            }
        }
    }

    // MARK: Operations

    /// Reads the configuration again, and takes it if it is good.
    func reload() -> Result<String, ControlRefusal> {
        switch readConfiguration() {
        case .failure(let refusal):
            log.error("configuration not reloaded, the old one stays", metadata: ["reason": "\(refusal.message)"])
            return .failure(refusal)
        case .success(let new):
            // The same file again changes no decision: what waits need not be looked at.
            if new.revision != topology.revision { reconfiguredAt = .now() }
            topology = new
            routing = RoutingTable(new)
            rivals = new.rivals
            connectors.keep(Set(new.connectors.map(\.name)))
            directory.domains = DirectoryDomains(new)
            queue.policiesChanged(revision: new.revisionNumber, at: reconfiguredAt)
            log.notice("configuration reloaded", metadata: ["revision": "\(new.revision)"])
            onReload(new)
            return .success(new.revision)
        }
    }

    private func note(_ event: MessageQueue.Event) {
        switch event {
        case .storeFailed(let error):
            log.error("the queue cannot be written; senders are told to come back", metadata: ["error": "\(error)"])
        case .storeRecovered: log.notice("the queue can be written again")
        case .leaseExpired(let lease, let id):
            expiredLeases += 1
            log.warning("a holder did not renew its lease", metadata: ["queue_id": "\(id)", "lease": "\(lease)"])
        case .manyNextHops(let count):
            log.notice("more next hops have mail than are held in memory", metadata: ["held": "\(count)"])
        case .readFailed(let reason): log.error("the queue cannot be read", metadata: ["error": "\(reason)"])
        }
    }
}

extension Route {
    init(_ routed: RoutedRecipient) {
        let carrier: Carrier =
            switch routed.nextHop {
            case .maildir, .lmtp: .mailbox
            case .domain, .address, .smartHosts, .directFirst, .unknownTo, .held: .delivery
            }
        self.init(connector: routed.connector, nextHop: "\(routed.nextHop)", carrier: carrier)
    }
}
