import CoreLink
import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore
import Routing

extension SubmitSession {
    /// One message on its way in: envelope so far, and its content.
    final class Transaction {
        let id: QueueID
        let facts: SessionFacts
        let sender: EnvelopeSender
        /// Octets that the content may have; nil: no limit.
        let contentLimit: Int?
        private(set) var recipients: [QueuedRecipient] = []
        /// Final addresses that the message goes to already, once there is more than one recipient: two aliases of one person make one
        /// copy.
        private var known: Set<EmailAddress> = []
        /// Recipients that became many, and have been answered.
        private var expanded: Set<EmailAddress> = []
        private(set) var acceptedCount = 0
        /// Final addresses that further recipients may become.
        private(set) var room: Int
        /// How the recipients were decided about.
        var decided: DecisionRecord
        /// Each accepted recipient with its routes, for the decision at the end of the data; only where that may differ.
        var accepted: [(writtenTo: EmailAddress, routes: [RoutedRecipient])] = []
        /// The beginning of the content, for its header; only where routing looks at it.
        var beginning = ByteBuffer()
        /// Whether the header speaks UTF-8; looked at where the sender says SMTPUTF8.
        var header = HeaderOctets()
        var content: ContentSink?
        /// More came than may: it is counted, and not kept.
        var isTooLarge = false
        let origin: MailOrigin
        /// What every recipient is answered with, whoever it is: the login is over, or the sender may not be used.
        let refusal: Reply?

        init(
            id: QueueID, facts: SessionFacts, sender: EnvelopeSender, origin: MailOrigin, refusal: Reply?, contentLimit: Int?, room: Int,
            revision: String
        ) {
            decided = DecisionRecord(revision: revision)
            (self.id, self.facts, self.sender, self.origin) = (id, facts, sender, origin)
            (self.refusal, self.contentLimit, self.room) = (refusal, contentLimit, room)
        }

        /// Gives recipients other routes; who is left without one is none any more.
        func reroute(_ route: (EmailAddress) -> Route?) {
            recipients = recipients.compactMap { recipient in
                route(recipient.recipient.address).map {
                    QueuedRecipient(
                        index: recipient.index, recipient: recipient.recipient, writtenTo: recipient.writtenTo, route: $0)
                }
            }
        }

        /// Whether all that the recipient leads to is there already.
        func hasExpanded(_ recipient: EmailAddress) -> Bool { expanded.contains(recipient) }

        func accept(_ recipient: EnvelopeRecipient, for routed: [RoutedRecipient]) {
            acceptedCount += 1
            room -= max(1, routed.count)
            if routed.count > 1 { expanded.insert(recipient.address) }
            // An expansion names nobody twice; the first needs no comparison.
            let isFirst = recipients.isEmpty
            if !isFirst, known.isEmpty { known = Set(recipients.lazy.map(\.recipient.address)) }
            var original: String?
            // The members of a group mostly take one way, whose text is made once.
            guard var last = routed.first else { return }
            var route = Route(last)
            recipients.reserveCapacity(isFirst ? routed.count : 0)
            for target in routed {
                let address = target.address
                if last.nextHop != target.nextHop || last.connector != target.connector { (last, route) = (target, Route(target)) }
                if !isFirst, !known.insert(address).inserted { continue }
                let isSame = address == recipient.address
                // Reports name the address that the sender wrote to, not what an alias made of it (RFC 3461 §5.2.1).
                if !isSame, original == nil { original = OriginalRecipient(recipient.address).parameter }
                recipients.append(
                    QueuedRecipient(
                        index: UInt32(recipients.count),
                        recipient: EnvelopeRecipient(
                            address: address, notify: recipient.notify,
                            originalRecipient: recipient.originalRecipient ?? (isSame ? nil : original)),
                        writtenTo: isSame ? nil : recipient.address, route: route))
            }
        }
    }
}
