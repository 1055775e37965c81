import DurableStorage
import Logging
import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore
import NIOPosix

/// Keeps reports that can themselves not be delivered, and tells the administrator of each (E05): there is nobody else to tell.
///
/// Confined to the core's event loop; the files are touched on file threads, one piece of work after another.
final class BadmailKeeper {
    /// Between two sweeps of the folder.
    private static let interval = TimeAmount.hours(6)

    private unowned let core: Core
    private var last: EventLoopFuture<Void>
    /// Of the folder, as of the last sweep, and what has come since.
    private var octets = 0

    init(core: Core) {
        self.core = core
        last = core.eventLoop.makeSucceededVoidFuture()
    }

    private var folder: BadmailFolder {
        BadmailFolder(directory: core.topology.reports.badmailDirectory, fileSystem: core.contentFiles.fileSystem)
    }

    func begin() { sweep() }

    /// Keeps a message of the queue whose recipients have failed, and to whose sender nothing can be said. The completion is called when it
    /// is durable, or cannot be kept, which is said.
    func keep(_ head: MessageHead, _ failed: [FailedRecipient], completion: @escaping () -> Void) {
        switch head.content {
        case .inline(let bytes), .damaged(let bytes): keep(head.id, failed, .bytes(bytes), head.size, completion)
        case .file: keep(head.id, failed, .file(path: core.contentFiles.path(of: head.id)), head.size, completion)
        case nil:
            core.queue.message(head.id).assumeIsolated().whenComplete { [self] result in
                if case .success(let message?) = result, let content = message.head.content, case .inline(let bytes) = content {
                    keep(head.id, failed, .bytes(bytes), head.size, completion)
                } else {
                    core.log.error("a report cannot be delivered, and cannot be kept", metadata: metadata(head.id, failed, "\(result)"))
                    completion()
                }
            }
        }
    }

    /// Keeps a report that was never in the queue: there is no way to its addressee.
    func keep(_ report: ByteBuffer, as id: QueueID, to address: EmailAddress, reply: Reply, completion: @escaping () -> Void) {
        let failed = FailedRecipient(finalRecipient: address, reply: reply, lastAttempt: .now())
        keep(id, [failed], .bytes(report), report.readableBytes, completion)
    }

    private func keep(
        _ id: QueueID, _ failed: [FailedRecipient], _ content: BadmailFolder.Content, _ size: Int, _ completion: @escaping () -> Void
    ) {
        let folder = folder
        let reason = Self.fields(of: failed)
        octets += size
        let isFull = octets > BadmailFolder.maximumOctets
        after {
            try folder.keep(id, reason: reason, content)
        } completion: { [self] result in
            switch result {
            case .success:
                core.metrics.badmail += 1
                core.log.error("a report cannot be delivered: kept as badmail", metadata: metadata(id, failed, nil, folder.path(of: id)))
            case .failure(let error):
                core.log.error("a report cannot be delivered, and cannot be kept", metadata: metadata(id, failed, "\(error)"))
            }
            completion()
        }
        if isFull { sweepOnce() }
    }

    /// Header fields that say why it lies there. What strangers said is escaped, and cannot begin a line or steer a terminal.
    private static func fields(of failed: [FailedRecipient]) -> String {
        failed.map { recipient in
            let reply = recipient.reply.lines.prefix(3).joined(separator: " / ")
            let code = "\(recipient.reply.code) " + (recipient.reply.status.map { "\($0) " } ?? "")
            // Cut before it is escaped: never in the middle of an escape. As escapes it has at most 9 times as many characters.
            let text = String(String.UnicodeScalarView("<\(recipient.finalRecipient)>: \(code)\(reply)".unicodeScalars.prefix(900)))
            return "X-Postern-Badmail: \(EscapedText.line(text))\r\n"
        }.joined()
    }

    private func metadata(_ id: QueueID, _ failed: [FailedRecipient], _ error: String?, _ file: String? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["queue_id": "\(id)"]
        if let first = failed.first {
            metadata["to"] = "\(first.finalRecipient)"
            metadata["reply"] = "\(first.reply)"
        }
        if let error { metadata["error"] = "\(error)" }
        if let file { metadata["file"] = "\(file)" }
        return metadata
    }

    private func sweep() {
        sweepOnce()
        core.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { [weak self] in self?.sweep() }
    }

    private func sweepOnce() {
        let folder = folder
        after {
            try folder.sweep(now: .now())
        } completion: { [self] result in
            switch result {
            case .success(let found):
                octets = found.octets
                if found.removed > 0 { core.log.notice("badmail removed: too old, or too much", metadata: ["count": "\(found.removed)"]) }
            case .failure(let error): core.log.warning("the badmail folder cannot be read", metadata: ["error": "\(error)"])
            }
        }
    }

    private func after<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value, completion: @escaping (Result<Value, any Error>) -> Void
    ) {
        let (threads, eventLoop) = (core.fileThreads, core.eventLoop)
        let done = last.flatMap { threads.runIfActive(eventLoop: eventLoop, work) }
        last = done.map { _ in }.flatMapErrorThrowing { _ in }
        done.assumeIsolated().whenComplete(completion)
    }
}
