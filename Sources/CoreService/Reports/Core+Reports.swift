import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore
import Routing
import ServiceRuntime

/// Messages of our own about messages that could not be delivered.
extension Core {
    /// A message of our own to somebody: routed like any other, with the null reverse-path.
    ///
    /// - Parameter completion: called once, at once or later; fails where there is no way to them.
    func system(
        _ report: DeliveryReport.Message, to address: EmailAddress, completion: @escaping (Result<QueuedMessage, NoWay>) -> Void
    ) {
        destinations.whenFound(address) { [self] result in
            switch result {
            case .success(let destinations): completion(system(report, to: address, leadingTo: destinations))
            case .failure(let error): completion(.failure(NoWay(reply: Reply(451, "4.3.0", "the directory cannot be read: \(error)"))))
            }
        }
    }

    private func system(
        _ report: DeliveryReport.Message, to address: EmailAddress, leadingTo destinations: Destinations?
    ) -> Result<QueuedMessage, NoWay> {
        let id = queue.nextID()
        let now = Timestamp.now()
        let facts = RecipientFacts(
            origin: .system, reversePath: .null, recipient: address, size: report.content.readableBytes, message: id, time: now,
            utcOffset: LocalTime.offset(at: now.seconds))
        let routed: RoutedRecipients
        let trace: DecisionTrace
        switch decide(facts, leadingTo: destinations) {
        case .accepted(let found, let way) where !found.isEmpty: (routed, trace) = (found, way)
        case .accepted: return .failure(NoWay(reply: Reply(550, "5.1.1", "nobody is behind the address")))
        case .refused(let refusal): return .failure(NoWay(reply: refusal))
        }
        metrics.reportsWritten += 1
        var record = DecisionRecord(revision: topology.revision)
        record.add(address, trace)
        let words = record
        log.info("report written", metadata: ["queue_id": "\(id)", "to": "\(address)"])
        let message = QueuedMessage(
            id: id, receivedAt: .now(),
            sender: EnvelopeSender(reversePath: .null, body: report.body, smtpUTF8: report.smtpUTF8), origin: .system,
            size: report.content.readableBytes, has8BitOctets: report.body == .eightBitMIME, content: .inline(report.content),
            recipients: QueuedRecipients(
                [AcceptedRecipient(recipient: EnvelopeRecipient(address: address, notify: .never), routes: routed, namesOriginal: false)]
            ), decided: words.text)
        return .success(message)
    }

    /// Why there is no way to the addressee of a report.
    struct NoWay: Error { let reply: Reply }

    /// Enough of a message's content for a report on it; empty where it cannot be read, since the report matters more.
    func beginningOfContent(_ head: MessageHead, completion: @escaping (ByteBuffer) -> Void) {
        switch head.content {
        case .inline(let bytes): completion(bytes)
        case .damaged: completion(ByteBuffer())
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
            queue.message(head.id, recipients: []).assumeIsolated().whenComplete { result in
                if case .success(let message?) = result, case .inline(let bytes) = message.head.content {
                    completion(bytes)
                } else {
                    completion(ByteBuffer())
                }
            }
        }
    }
}
