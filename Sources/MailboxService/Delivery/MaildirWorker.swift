import CoreLink
import DurableStorage
import Logging
import MailVocabulary
import MessageFormat
import NIOCore
import NIOPosix

/// Delivers leased work into Maildirs: each recipient for itself, so that one full or missing mailbox never affects another.
///
/// Confined to one event loop; the files are written on file threads.
final class MaildirWorker {
    typealias Session = LeaseSession<MailboxLink>

    private let eventLoop: any EventLoop
    private let log: Logger
    private let store: MaildirStore
    private let threads: NIOThreadPool

    init(on eventLoop: any EventLoop, log: Logger, hostname: DomainName) {
        (self.eventLoop, self.log, store) = (eventLoop, log, MaildirStore(host: hostname.text))
        threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
    }

    /// Begins; the session is told the outcome when there is one.
    func begin(_ session: Session, _ work: LeasedWork, _ content: Session.Content, template: String) {
        guard let template = MaildirPathTemplate(template) else {
            // Refused at check; a configuration that got here all the same keeps its mail.
            let reply = Reply(451, "4.3.5", "the maildir of connector '\(work.connector)' is no template")
            return session.finish(
                work.recipients.map { RecipientOutcome(index: $0.index, attempts: $0.attempts, result: .deferred, reply: reply) },
                askForMore: false)
        }
        var prefix = ByteBuffer()
        ReturnPathField(work.sender.reversePath).write(into: &prefix)
        let job = MaildirJob(work: work, prefix: prefix, template: template, store: store, log: log)
        switch content {
        case .whole(let bytes):
            threads.runIfActive(eventLoop: eventLoop) { () -> [RecipientOutcome] in
                job.open()
                job.write(bytes)
                return job.commit()
            }.assumeIsolated().whenComplete { [self] in finish(session, job, $0) }
        case .stream(let stream):
            threads.runIfActive(eventLoop: eventLoop) { job.open() }.assumeIsolated().whenComplete { [self] _ in
                copy(stream, into: job, session)
            }
        }
    }

    private func copy(_ stream: LeasedContentStream, into job: MaildirJob, _ session: Session) {
        stream.next().assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let chunk?):
                threads.runIfActive(eventLoop: eventLoop) { job.write(chunk) }.assumeIsolated().whenComplete { [self] _ in
                    copy(stream, into: job, session)
                }
            case .success(nil):
                threads.runIfActive(eventLoop: eventLoop) { job.commit() }.assumeIsolated().whenComplete { [self] in
                    finish(session, job, $0)
                }
            case .failure:
                // The core went away in the middle, and gives the work out again.
                threads.runIfActive(eventLoop: eventLoop) { job.abandon() }.assumeIsolated().whenComplete { _ in
                    session.finish([], askForMore: false)
                }
            }
        }
    }

    private func finish(_ session: Session, _ job: MaildirJob, _ result: Result<[RecipientOutcome], any Error>) {
        switch result {
        case .success(let outcomes): session.finish(outcomes, askForMore: true)
        case .failure(let error):
            // The threads are gone: the process ends, and the work is due again.
            log.error("mailbox threads unavailable", metadata: ["queue_id": "\(job.work.message)", "error": "\(error)"])
            session.finish([], askForMore: false)
        }
    }
}
