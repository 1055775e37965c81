import CoreLink
import Credentials
import Directory
import MailVocabulary
import MessageQueue
import NIOCore

/// The core's end of one connection of the command line: one request after another.
///
/// Confined to the core's event loop. What a person typed is validated here, and every refusal is a sentence for that person.
final class ControlSession {
    typealias Connection = LinkChannel<ControlRequest, ControlResponse>

    let core: Core
    let connection: Connection
    private let mayReadVerifiers: Bool
    private var isBusy = false
    var isGone = false

    /// - Parameter mayReadVerifiers: the peer is root or the core's own account.
    init(core: Core, connection: Connection, mayReadVerifiers: Bool) {
        (self.core, self.connection, self.mayReadVerifiers) = (core, connection, mayReadVerifiers)
        connection.onMessage = { [self] in received($0) }
        connection.onClosed = { [self] _ in isGone = true }
    }

    private func received(_ request: ControlRequest) {
        guard !isBusy else { return connection.close() }
        isBusy = true
        switch request.command {
        case .status: status()
        case .metrics: metrics()
        case .reload: reload()
        case .configuration: configuration()
        case .queueList: listQueue()
        case .queueShow: showMessage(request.arguments)
        case .explainRefusal: explainRefusal(request.arguments)
        case .explainMessage: explainMessage(request.arguments)
        default: changeDirectory(request)
        }
    }

    /// The keys of a new password are made on another thread: mail does not wait for them.
    private func changeDirectory(_ request: ControlRequest) {
        guard let password = DirectoryCommands.password(in: request) else { return changeDirectory(request, verifier: nil) }
        let iterations = core.topology.identity.iterations
        core.fileThreads.runIfActive(eventLoop: core.eventLoop) { () -> Result<SCRAMVerifier, DirectoryError> in
            do throws(DirectoryError) {
                return .success(try Directory.makeVerifier(password, iterations: iterations))
            } catch {
                return .failure(error)
            }
        }.assumeIsolated().whenComplete { [self] made in
            switch made {
            case .success(let verifier): changeDirectory(request, verifier: verifier)
            case .failure: refuse(.failed("the core is ending"))
            }
        }
    }

    private func changeDirectory(_ request: ControlRequest, verifier: Result<SCRAMVerifier, DirectoryError>?) {
        do {
            for object in try DirectoryCommands(core: core, mayReadVerifiers: mayReadVerifiers, verifier: verifier).run(request) {
                connection.send(.object(object.text))
            }
            done()
        } catch {
            refuse(ControlRefusal(error))
        }
    }

    func done() {
        isBusy = false
        connection.send(.done)
        connection.flush()
    }

    func refuse(_ refusal: ControlRefusal) {
        isBusy = false
        connection.send(.refused(refusal.boundedMessage, exitCode: refusal.exitCode))
        connection.flush()
    }

    private func status() {
        core.queue.counts().assumeIsolated().whenComplete { [self] result in
            switch result {
            case .failure(let error): refuse(.failed("the queue cannot be read: \(error)"))
            case .success(let counts):
                var object = JSONObject()
                object.add("hostname", core.topology.hostname.text)
                object.add("configuration", core.topology.source)
                object.add("revision", core.topology.revision)
                object.add("started_at", "\(core.startedAt)")
                object.add("messages", counts.messages)
                object.add("recipients", counts.recipients)
                object.add("leases", core.queue.leaseCount)
                let paused = core.queue.pausedRoutes
                object.add("paused_next_hop_count", paused.count)
                object.add(
                    "paused_next_hops",
                    objects: PausedHops.soonest(of: paused).map { route, until in
                        var hop = JSONObject()
                        hop.add("connector", route.connector)
                        hop.add("next_hop", route.nextHop)
                        hop.add("until", "\(until)")
                        return hop
                    })
                object.add(
                    "connectors_down",
                    objects: core.connectors.troubles.sorted { $0.key < $1.key }.compactMap { name, trouble in
                        guard let until = trouble.downUntil else { return nil }
                        var connector = JSONObject()
                        connector.add("connector", name)
                        connector.add("since", "\(trouble.since)")
                        connector.add("failures", trouble.failures)
                        connector.add("last_reply", "\(trouble.lastReply)")
                        connector.add("tried_again_at", "\(until)")
                        return connector
                    })
                object.add("directory_never_used", core.directory.hasNeverHadAnybody)
                object.add("awaits_first_mailbox", core.awaitsFirstMailbox)
                object.add("damaged_messages", core.metrics.damagedMessages)
                object.add("files_aside", core.aside.contents.files)
                object.add("octets_aside", core.aside.contents.octets)
                object.add(
                    "mechanisms_off",
                    objects: core.outages.current.map { outage in
                        var off = JSONObject()
                        off.add("mechanism", outage.mechanism.rawValue)
                        off.add("reason", outage.reason)
                        if let until = outage.until { off.add("until", "\(until)") }
                        return off
                    })
                object.add(
                    "daemons", Set(core.daemons.reports.connected.map(\.role.rawValue)).sorted())
                object.add(
                    "not_done", objects: core.daemons.reports.undone(needed: core.topology.neededDaemons).map { JSONObject($0) })
                object.add("accepted_messages", core.metrics.acceptedMessages)
                object.add("delivered_recipients", core.metrics.deliveredRecipients)
                connection.send(.object(object.text))
                done()
            }
        }
    }

    private func metrics() {
        // Ids sort by time: the first entry is of the oldest message.
        core.queue.counts().and(core.queue.entries(after: nil, limit: 1)).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .failure(let error): refuse(.failed("the queue cannot be read: \(error)"))
            case .success(let (counts, oldest)):
                connection.send(
                    .object(
                        core.metrics.text(
                            counts: counts, leases: core.queue.leaseCount, pausedHops: core.queue.pausedRoutes.count,
                            expired: core.expiredLeases, startedAt: Int(core.startedAt.seconds),
                            oldestReceivedAt: oldest.first.map(\.receivedAt), now: .now(), revision: core.topology.revision,
                            filesAside: core.aside.contents.files)
                            + Metrics.connectors(core.topology.connectors.map(\.name), down: core.connectors.states.down)
                            + Metrics.mechanismsOff(core.outages.current.map(\.mechanism.rawValue))))
                done()
            }
        }
    }

    /// The name of the file, then its text in pieces that fit into frames.
    private func configuration() {
        connection.send(.object(core.topology.source))
        var rest = core.topology.sourceText.unicodeScalars[...]
        while !rest.isEmpty {
            connection.send(.object(String(rest.prefix(Self.pieceScalars))))
            rest = rest.dropFirst(Self.pieceScalars)
        }
        done()
    }

    /// Of the configuration's text in a frame: at most 128 KiB.
    private static let pieceScalars = 32 * 1024

    private func reload() {
        core.reload().assumeIsolated().whenSuccess { [self] result in
            switch result {
            case .success(let reloaded):
                var object = JSONObject()
                object.add("revision", reloaded.revision)
                connection.send(.object(object.text))
                connection.flush()
                reloaded.undone.assumeIsolated().whenSuccess { [self] undone in
                    for one in undone { connection.send(.object(JSONObject(one).text)) }
                    done()
                }
            case .failure(let refusal): refuse(refusal)
            }
        }
    }
}

extension JSONObject {
    fileprivate init(_ undone: Undone) {
        self.init()
        add("daemon", "postern-\(undone.daemon.rawValue)")
        add("reason", undone.sentence)
    }
}

/// Why a request of the command line is not done, and the exit status that says so (sysexits.h).
struct ControlRefusal: Error {
    let message: String
    let exitCode: UInt8

    init(message: String, exitCode: UInt8) { (self.message, self.exitCode) = (message, exitCode) }

    init(_ error: any Error) {
        switch error {
        case let refusal as ControlRefusal: self = refusal
        case let error as DirectoryError: self = error.isInternal ? .failed("\(error)") : .data("\(error)")
        default: self = .failed("\(error)")
        }
    }

    /// The message as it fits into a frame: a bad configuration may have thousands of errors.
    var boundedMessage: String {
        guard message.utf8.count > Self.maximumOctets else { return message }
        var lines: [Substring] = []
        var octets = 0
        let all = message.split(separator: "\n", omittingEmptySubsequences: false)
        for line in all {
            octets += line.utf8.count + 1
            guard octets <= Self.maximumOctets else { break }
            lines.append(line)
        }
        return (lines.map(String.init) + ["… and \(all.count - lines.count) more lines"]).joined(separator: "\n")
    }

    /// Well below `Frame.maximumLength`.
    private static let maximumOctets = 128 * 1024

    static func usage(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 64) }
    static func data(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 65) }
    static func absent(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 67) }
    static func failed(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 74) }
    static func notPermitted(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 77) }
    static func configuration(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 78) }
}
