import CoreLink
import MailVocabulary
import MessageFormat
import MessageQueue
import NIOCore
import Routing

extension SubmitSession {
    /// One message on its way in: envelope so far, and its content.
    ///
    /// Of a group it holds a reference to what all transactions share, whatever the number of its members.
    final class Transaction {
        let id: QueueID
        let facts: SessionFacts
        let sender: EnvelopeSender
        /// Octets that the content may have; nil: no limit.
        let contentLimit: Int?
        private(set) var accepted: [AcceptedRecipient] = []
        /// Recipients that became many, and have been answered.
        private var expanded: Set<EmailAddress> = []
        private(set) var acceptedCount = 0
        /// Final addresses that further recipients may become.
        private(set) var room: Int
        /// Final addresses that it has taken of those that all transactions may have.
        private(set) var taken = 0
        /// How the recipients were decided about.
        var decided: DecisionRecord
        /// The beginning of the content, for its header; only where routing looks at it.
        var beginning = ByteBuffer()
        /// Whether the header speaks UTF-8; looked at where the sender says SMTPUTF8.
        var header = HeaderOctets()
        /// For the log.
        var messageID = MessageIDReader()
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

        /// The addresses that the sender wrote to, the first few of them, for the log.
        var writtenTo: String {
            let named = accepted.prefix(Self.mostLogged).map { "\($0.recipient.address)" }.joined(separator: ", ")
            return accepted.count > Self.mostLogged ? "\(named) and \(accepted.count - Self.mostLogged) more" : named
        }

        private static let mostLogged = 5

        var network: ClientNetwork { ClientNetwork(facts.clientAddress) }

        /// What an accepted recipient counts for: one that leads to nobody new is work, too.
        static func weight(of routes: RoutedRecipients) -> Int { max(1, routes.count) }

        /// Gives each accepted recipient other routes, perhaps fewer.
        func reroute(_ routes: [RoutedRecipients]) {
            for (index, routes) in zip(accepted.indices, routes) { accepted[index].routes = routes }
        }

        /// Whether all that the recipient leads to is there already.
        func hasExpanded(_ recipient: EmailAddress) -> Bool { expanded.contains(recipient) }

        func accept(_ recipient: EnvelopeRecipient, for routes: RoutedRecipients) {
            acceptedCount += 1
            room -= Self.weight(of: routes)
            taken += Self.weight(of: routes)
            if routes.count > 1 { expanded.insert(recipient.address) }
            accepted.append(AcceptedRecipient(recipient: recipient, routes: routes))
        }
    }
}
