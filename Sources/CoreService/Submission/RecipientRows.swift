import MailVocabulary
import MessageQueue
import Routing

/// A recipient that was accepted, and where its mail goes.
struct AcceptedRecipient: Sendable {
    let recipient: EnvelopeRecipient
    var routes: RoutedRecipients
    /// Whether a report names the address that the sender wrote to, not what an alias made of it (RFC 3461 §5.2.1).
    var namesOriginal = true
}

/// The recipients of a message as the queue has them, made one after the other: each final address once, by the first recipient that leads to it.
struct RecipientRows: Sequence, IteratorProtocol {
    private var accepted: IndexingIterator<[AcceptedRecipient]>
    private var current: AcceptedRecipient?
    private var routes: IndexingIterator<RoutedRecipients>?
    private var original: String?
    /// nil: there is one recipient, and an expansion names nobody twice.
    private var seen: Set<EmailAddress>?
    private var count: UInt32 = 0
    /// The members of a group mostly take one way, whose text is made once.
    private var last: (routed: RoutedRecipient, route: Route)?

    init(_ accepted: [AcceptedRecipient]) {
        self.accepted = accepted.makeIterator()
        seen = accepted.count == 1 ? nil : []
    }

    mutating func next() -> QueuedRecipient? {
        while true {
            guard let current, let target = routes?.next() else {
                guard let following = accepted.next() else { return nil }
                (current, routes, original) = (following, following.routes.makeIterator(), nil)
                continue
            }
            if seen?.insert(target.address).inserted == false { continue }
            defer { count += 1 }
            return row(for: target, of: current)
        }
    }

    private mutating func row(for target: RoutedRecipient, of accepted: AcceptedRecipient) -> QueuedRecipient {
        let recipient = accepted.recipient
        let isSame = target.address == recipient.address
        if !isSame, accepted.namesOriginal, original == nil { original = OriginalRecipient(recipient.address).parameter }
        return QueuedRecipient(
            index: count,
            recipient: EnvelopeRecipient(
                address: target.address, notify: recipient.notify,
                originalRecipient: recipient.originalRecipient ?? (isSame ? nil : original)),
            writtenTo: isSame ? nil : recipient.address, route: route(of: target))
    }

    private mutating func route(of target: RoutedRecipient) -> Route {
        if let last, last.routed.nextHop == target.nextHop, last.routed.connector == target.connector { return last.route }
        let route = Route(target)
        last = (target, route)
        return route
    }
}

extension QueuedRecipients {
    /// Few recipients are listed; many are made on the thread that writes them.
    init(_ accepted: [AcceptedRecipient]) {
        let most = accepted.reduce(0) { $0 + $1.routes.count }
        if most <= Self.mostListed {
            self = .listed(Array(RecipientRows(accepted)))
        } else {
            self = .made(MadeRecipients(mostCount: most) { AnyIterator(RecipientRows(accepted)) })
        }
    }
}
