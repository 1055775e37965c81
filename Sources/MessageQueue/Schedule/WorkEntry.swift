import MailVocabulary

/// One message on its way to one next hop, as the scheduler holds it in memory.
final class WorkEntry {
    /// A recipient of the entry, with the generation that an outcome must match.
    struct Recipient: Hashable {
        let index: UInt32
        let attempts: UInt32
        let recipient: EnvelopeRecipient
        /// The address that the sender wrote to, where it became another.
        var writtenTo: EmailAddress? = nil
    }

    let message: MessageHead
    let hop: HopQueue
    /// Due, and not leased.
    var waiting: [Recipient]
    /// Indices below this one were in memory with this entry at some time.
    private var loadedBelow: UInt32
    /// Those that came by a lease from before a restart. What that lease does not name may be due in the store.
    var adopted: Set<UInt32> = []
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
        loadedBelow = Self.end(of: waiting)
    }

    /// Whether the recipient with this index was ever in memory with this entry; all others are in the store and nowhere else.
    func wasLoaded(_ index: UInt32) -> Bool { index < loadedBelow || adopted.contains(index) }

    /// Recipients that were left in the store so far.
    func append(_ more: [Recipient]) {
        waiting += more
        loadedBelow = max(loadedBelow, Self.end(of: more))
    }

    private static func end(of recipients: [Recipient]) -> UInt32 { recipients.lazy.map { $0.index + 1 }.max() ?? 0 }

    /// Octets of content that it keeps in memory.
    var contentInMemory: Int {
        if case .inline(let bytes) = message.content { bytes.readableBytes } else { 0 }
    }
}
