import MailVocabulary

/// One message on its way to one next hop, as the scheduler holds it in memory.
final class WorkEntry {
    /// A recipient of the entry, with the generation that an outcome must match.
    struct Recipient: Hashable {
        let index: UInt32
        let attempts: UInt32
        let recipient: EnvelopeRecipient
    }

    let message: MessageHead
    let hop: HopQueue
    /// Due, and not leased.
    var waiting: [Recipient]
    /// Leased, or settled but not durably so yet.
    var outstanding = 0
    /// Whether it was given out before, by this core or perhaps by the one before it.
    var mayBeRepeat: Bool
    /// Of an entry that a lease from before a restart made: the recipients that are in memory. The store may hold others.
    var adopted: Set<UInt32>?
    /// Whether it stands in its hop's line.
    var isInLine = false

    init(message: MessageHead, hop: HopQueue, waiting: [Recipient], mayBeRepeat: Bool) {
        (self.message, self.hop, self.waiting, self.mayBeRepeat) = (message, hop, waiting, mayBeRepeat)
    }

    /// Octets of content that it keeps in memory.
    var contentInMemory: Int {
        if case .inline(let bytes) = message.content { bytes.readableBytes } else { 0 }
    }
}
