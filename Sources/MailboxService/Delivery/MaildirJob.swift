import CoreLink
import DurableStorage
import Logging
import MailVocabulary
import NIOCore

/// One message on its way into the Maildirs of its recipients.
///
/// `@unchecked Sendable`: used by one piece of work at a time; the next starts when the event loop has heard of the end of the last.
final class MaildirJob: @unchecked Sendable {
    let work: LeasedWork
    private let prefix: ByteBuffer
    private let template: MaildirPathTemplate
    private let store: MaildirStore
    private let log: Logger
    private var deliveries: [(recipient: LeasedRecipient, state: State)] = []
    private var lineEnds = LocalLineEnds()

    private enum State {
        case writing(MaildirWriter)
        case failed(Reply)
        /// An earlier attempt, whose outcome the core never heard, has delivered it.
        case alreadyThere
    }

    init(work: LeasedWork, prefix: ByteBuffer, template: MaildirPathTemplate, store: MaildirStore, log: Logger) {
        (self.work, self.prefix, self.template, self.store, self.log) = (work, prefix, template, store, log)
    }

    /// Opens a file for every recipient.
    func open() {
        for recipient in work.recipients {
            do throws(MaildirFailure) {
                let writer = try store.begin(
                    in: try template.folder(of: recipient.recipient.address), message: work.message, recipient: recipient.index,
                    receivedAt: work.receivedAt, mayBeRepeat: work.mayBeRepeat)
                deliveries.append((recipient, writer.isAlreadyThere ? .alreadyThere : .writing(writer)))
            } catch {
                deliveries.append((recipient, .failed(reply(to: error, recipient))))
            }
        }
        write(prefix)
    }

    /// - Parameter content: with CRLF line ends, cut anywhere.
    func write(_ content: ByteBuffer) { writeLocal(lineEnds.convert(content)) }

    private func writeLocal(_ bytes: ByteBuffer) {
        for index in deliveries.indices {
            guard case .writing(let delivery) = deliveries[index].state else { continue }
            do throws(MaildirFailure) {
                try bytes.withUnsafeReadableBytes { bytes throws(MaildirFailure) in try delivery.write(bytes) }
            } catch {
                deliveries[index].state = .failed(reply(to: error, deliveries[index].recipient))
            }
        }
    }

    /// Makes every file durable and visible; what could not be is said of its own recipient alone.
    func commit() -> [RecipientOutcome] {
        writeLocal(lineEnds.finish())
        return deliveries.map { recipient, state in
            let reply: Reply
            switch state {
            case .failed(let failure): reply = failure
            case .alreadyThere: reply = Reply(250, "2.0.0", "delivered by an earlier attempt")
            case .writing(let delivery):
                do throws(MaildirFailure) {
                    try delivery.commit()
                    reply = Reply(250, "2.0.0", "delivered to mailbox")
                } catch {
                    reply = self.reply(to: error, recipient)
                }
            }
            let result: RecipientOutcome.Result = reply.isPositive ? .delivered : reply.isPermanentFailure ? .failed : .deferred
            return RecipientOutcome(index: recipient.index, attempts: recipient.attempts, result: result, reply: reply)
        }
    }

    /// What the sender hears names no path of ours; the log does.
    private func reply(to failure: MaildirFailure, _ recipient: LeasedRecipient) -> Reply {
        log.warning(
            "mailbox not written",
            metadata: ["queue_id": "\(work.message)", "to": "\(recipient.recipient.address)", "error": "\(failure)"])
        return failure.reply
    }

    /// Removes what was written.
    func abandon() { deliveries = [] }
}
