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
    /// The largest index that was ever in memory with this entry: recipients behind it are in the store and nowhere else.
    var loadedThrough: UInt32
    /// What the scheduler counts of it: recipients that wait, are leased, or are being settled.
    var counted = 0
    /// Leased, or settled but not durably so yet.
    var outstanding = 0
    /// Whether it was given out before, by this core or perhaps by the one before it.
    var mayBeRepeat: Bool
    /// Whether it stands in its hop's line.
    var isInLine = false

    init(message: MessageHead, hop: HopQueue, waiting: [Recipient], mayBeRepeat: Bool) {
        (self.message, self.hop, self.waiting, self.mayBeRepeat) = (message, hop, waiting, mayBeRepeat)
        loadedThrough = waiting.lazy.map(\.index).max() ?? 0
    }

    /// Recipients that were left in the store so far.
    func append(_ more: [Recipient]) {
        waiting += more
        loadedThrough = max(loadedThrough, more.lazy.map(\.index).max() ?? 0)
    }

    /// Octets of content that it keeps in memory.
    var contentInMemory: Int {
        if case .inline(let bytes) = message.content { bytes.readableBytes } else { 0 }
    }
}
