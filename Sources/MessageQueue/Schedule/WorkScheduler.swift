import DequeModule
import MailVocabulary

/// Which work is leased next: the due recipients in memory, by next hop, in turn.
///
/// Knows neither clock nor store: it says which hops want more from the store, and is given it. Bounded: a hop whose window is full,
/// or a hop too many, stays in the store until there is room.
final class WorkScheduler {
    /// Bounds of what is held in memory.
    struct Bounds {
        /// Messages in the window of one hop.
        var perHop = 400
        /// Messages in all windows together; a hop without any still gets a few.
        var total = 20_000
        /// Recipients in all windows together.
        var recipients = 200_000
        /// Recipients of one message in the window of one hop, and of all its messages read from the store together.
        var recipientsPerHop = 400
        var hops = 10_000
        /// Octets of content kept with the entries, so that fresh mail goes out without being read again.
        var content = 64 << 20
        /// A window with fewer messages than this wants more.
        var lowWater = 100
        /// Recipients in one lease: what any server must take in one transaction (RFC 5321 §4.5.3.1.8).
        var recipientsPerLease = 100
    }

    struct Assignment {
        let entry: WorkEntry
        let recipients: [WorkEntry.Recipient]
    }

    let bounds: Bounds
    let limits: (Route) -> RoutePolicy
    var hops: [Route: HopQueue] = [:]
    /// Hops that have work and may have another connection, in turn.
    private var ready: [Carrier: Deque<HopQueue>] = [:]
    /// Hops that have work and a connection that waits for it.
    private var readyWithConnection: [Carrier: Deque<HopQueue>] = [:]
    /// Hops that are left alone, in the order in which they make room for others; a hop may stand there more than once, or no more be one.
    var paused: Deque<HopQueue> = []
    /// By group: the outbound profile.
    var groups: [String: ProfileConnections] = [:]
    var entryCount = 0
    /// Waiting and leased, of all entries.
    var recipientCount = 0
    var contentInMemory = 0
    /// There are hops in the store that had no room here.
    var hasHopsBeyondMemory = false
    /// Hops that want a refill; taken by the owner.
    private var wanting: [HopQueue] = []
    /// Of hops that could not be reached and are not in memory.
    var pastFailures = PastFailures()
    /// Recipients on their way out of the store by a late outcome.
    var withdrawals: [QueueID: [UInt32]] = [:]

    /// Messages below this id were there before this start of the core.
    let firstID: QueueID

    init(bounds: Bounds = Bounds(), firstID: QueueID, limits: @escaping (Route) -> RoutePolicy) {
        (self.bounds, self.firstID, self.limits) = (bounds, firstID, limits)
    }

    // MARK: Work comes in

    /// A message that has just become durable.
    func add(_ message: QueuedMessage) {
        let head = MessageHead(
            id: message.id, receivedAt: message.receivedAt, sender: message.sender, size: message.size,
            has8BitOctets: message.has8BitOctets, content: contentToKeep(message.content), checksum: message.checksum,
            messageID: message.messageID)
        switch message.recipients {
        case .listed(let recipients) where recipients.count == 1: add(head, route: recipients[0].route, recipients: recipients)
        case .listed(let recipients):
            for (route, recipients) in Dictionary(grouping: recipients, by: \.route) { add(head, route: route, recipients: recipients) }
        // They are in the store and nowhere else: the owner says over which routes (`mayHaveMore`).
        case .made: break
        }
    }

    private func add(_ head: MessageHead, route: Route, recipients: [QueuedRecipient]) {
        guard let hop = hop(for: route) else { return }
        let held = hop.known.count + hop.arrivedWhileRefilling.count
        guard !hop.hasMoreInStore, held < bounds.perHop, entryCount < bounds.total, recipients.count <= bounds.recipientsPerHop,
            recipientCount + recipients.count <= bounds.recipients
        else {
            markMoreInStore(hop)
            return
        }
        let entry = WorkEntry(
            message: head, hop: hop,
            waiting: recipients.map { WorkEntry.Recipient(index: $0.index, attempts: 0, recipient: $0.recipient, writtenTo: $0.writtenTo) },
            mayBeRepeat: false)
        if hop.isRefilling { hop.arrivedWhileRefilling.append(entry) } else { enter(entry) }
    }

    /// The store may hold due recipients of this route.
    ///
    /// - Returns: false where there is no room for one more next hop.
    @discardableResult
    func mayHaveMore(_ route: Route) -> Bool {
        guard let hop = hop(for: route) else { return false }
        markMoreInStore(hop)
        return true
    }

    /// What a refill read.
    ///
    /// - Parameter limit: what it asked for; fewer rows mean that the store holds no more.
    func refill(_ hop: HopQueue, with rows: [DueRecipient], limit: Int) {
        hop.isRefilling = false
        var wasSkipped = false
        // Its message has left memory already: nobody else would look for it again.
        var mustBeReadAgain = false
        var broughtSome = false
        var rest = rows[...]
        // One message's recipients follow each other, mostly.
        while let first = rest.first {
            let id = first.message.id
            let run = rest.prefix { $0.message.id == id }
            rest = rest.dropFirst(run.count)
            let recipients = run.lazy.filter { [self] in !isWithdrawn($0.index, of: id) }.map {
                WorkEntry.Recipient(index: $0.index, attempts: $0.attempts, recipient: $0.recipient, writtenTo: $0.writtenTo)
            }
            if hop.leftWhileRefilling.contains(id) {
                wasSkipped = true
                if hop.known[id] == nil { mustBeReadAgain = true }
            } else if let known = hop.known[id] {
                // Of a message with many recipients a window has some, or a lease from before a restart; the others were in nobody's hands yet.
                let more = recipients.filter { !known.wasLoaded($0.index) }
                if more.count < run.count { wasSkipped = true }
                if more.isEmpty { continue }
                known.append(Array(more))
                count(more.count, of: known)
                putInLine(known, atFront: false)
                broughtSome = true
            } else {
                let entry = WorkEntry(message: first.message, hop: hop, waiting: Array(recipients), mayBeRepeat: false)
                if entry.waiting.isEmpty { continue }
                entry.mayBeRepeat = id < firstID || entry.waiting[0].attempts > 0
                enter(entry)
                broughtSome = true
            }
        }
        let isFull = rows.count >= limit
        // Where the store was read to its end, what arrived meanwhile and was not read follows; otherwise it waits there its turn.
        if !isFull {
            for entry in hop.arrivedWhileRefilling where hop.known[entry.message.id] == nil { enter(entry) }
        }
        // What was skipped is looked for again when its messages have left memory (`leaveIfDone`).
        let mustReadOn = isFull || hop.hasMoreInStore || mustBeReadAgain
        hop.hasMoreInStore = mustReadOn || wasSkipped
        (hop.leftWhileRefilling, hop.arrivedWhileRefilling) = ([], [])
        // Nothing but what is under way already: reading it over and over would bring no more before some of it is settled.
        let isStuck = wasSkipped && !broughtSome && !mustBeReadAgain && isFull
        if mustReadOn, !isStuck, isLow(hop) { wantRefill(hop) }
        forgetIfIdle(hop)
    }

    /// A refill could not read; the owner asks again later with `mayHaveMore`.
    func refillFailed(_ hop: HopQueue) {
        hop.isRefilling = false
        hop.hasMoreInStore = true
        (hop.leftWhileRefilling, hop.arrivedWhileRefilling) = ([], [])
    }

    /// The hops that want more from the store now, each with how many rows to ask for.
    func takeWanting() -> [(hop: HopQueue, limit: Int)] {
        defer { wanting = [] }
        return wanting.map { ($0, rows(for: $0)) }
    }

    /// How many rows to ask the store for. Those of known messages come back too, and are skipped.
    func rows(for hop: HopQueue) -> Int {
        let knownRecipients = hop.known.values.reduce(0) { $0 + $1.waiting.count + $1.outstanding }
        return knownRecipients
            + max(16, min(bounds.perHop, bounds.recipientsPerHop, bounds.total - entryCount, bounds.recipients - recipientCount))
    }

    var contentBudget: Int { max(0, bounds.content - contentInMemory) }

    // MARK: Work goes out

    /// Work for another connection to this route, if there is any and the limits allow one.
    func take(route: Route) -> Assignment? {
        guard let hop = hops[route], !hop.line.isEmpty, hop.mayLease, hasRoom(for: hop) else { return nil }
        connectionBegan(hop)
        return assign(hop)
    }

    /// Work of the hop whose turn it is, for a new connection.
    func take(_ carrier: Carrier) -> Assignment? {
        while let hop = ready[carrier]?.popFirst() {
            hop.isReady = false
            guard !hop.line.isEmpty, hop.mayLease, hasRoom(for: hop) else {
                if !hop.line.isEmpty, hop.mayLease { groups[hop.limits.group]?.block(hop) }
                // Whoever waits behind it may have the room that it cannot use.
                offerRoom(in: hop.limits.group)
                continue
            }
            connectionBegan(hop)
            let assignment = assign(hop)
            makeReady(hop)
            return assignment
        }
        return nil
    }

    /// Work for a connection that stands open and waits.
    func takeForParked(_ carrier: Carrier) -> Assignment? {
        while let hop = readyWithConnection[carrier]?.popFirst() {
            hop.isReady = false
            guard !hop.line.isEmpty, hop.parked > 0 else {
                makeReady(hop)
                continue
            }
            hop.parked -= 1
            let assignment = assign(hop)
            makeReady(hop)
            return assignment
        }
        return nil
    }

    func assign(_ hop: HopQueue, at place: Int = 0) -> Assignment {
        let entry = hop.line[place]
        let recipients: [WorkEntry.Recipient]
        if entry.waiting.count <= bounds.recipientsPerLease {
            recipients = entry.waiting
            entry.waiting = []
            hop.line.remove(at: place)
            entry.isInLine = false
        } else {
            recipients = Array(entry.waiting.prefix(bounds.recipientsPerLease))
            entry.waiting.removeFirst(bounds.recipientsPerLease)
        }
        entry.outstanding += recipients.count
        if hop.hasMoreInStore, isLow(hop) { wantRefill(hop) }
        return Assignment(entry: entry, recipients: recipients)
    }

    /// Recipients of a lease that were not attempted: due again at once.
    func giveBack(_ recipients: [WorkEntry.Recipient], to entry: WorkEntry) {
        entry.outstanding -= recipients.count
        entry.waiting = recipients + entry.waiting
        entry.mayBeRepeat = true
        putInLine(entry, atFront: true)
    }

    /// Recipients of a lease whose outcome is durable.
    func settled(_ count: Int, of entry: WorkEntry) {
        entry.outstanding -= count
        self.count(-count, of: entry)
        leaveIfDone(entry)
    }

    /// Takes recipients of a message out of the line for a lease that was given before the core restarted.
    ///
    /// - Parameter leased: recipients of the entry under leases that stand; the caller knows that these are others.
    /// - Returns: nil where the outcome of some is being recorded: they may be the same.
    func adopt(_ recipients: [WorkEntry.Recipient], of head: MessageHead, route: Route, leased: Int) -> WorkEntry? {
        guard let hop = hop(for: route) else { return nil }
        let entry: WorkEntry
        if let known = hop.known[head.id] {
            guard known.outstanding == leased else { return nil }
            let indices = Set(recipients.map(\.index))
            count(-known.waiting.count, of: known)
            known.waiting.removeAll { indices.contains($0.index) }
            count(known.waiting.count, of: known)
            if known.waiting.isEmpty, known.isInLine {
                hop.line.removeAll { $0 === known }
                known.isInLine = false
            }
            entry = known
        } else {
            entry = WorkEntry(message: head, hop: hop, waiting: [], mayBeRepeat: true)
            remember(entry)
        }
        entry.adopted.formUnion(recipients.lazy.map(\.index))
        entry.outstanding += recipients.count
        count(recipients.count, of: entry)
        connectionBegan(entry.hop)
        return entry
    }

    // MARK: Bookkeeping

    private func enter(_ entry: WorkEntry) {
        remember(entry)
        putInLine(entry, atFront: false)
    }

    private func remember(_ entry: WorkEntry) {
        entry.hop.known[entry.message.id] = entry
        entryCount += 1
        count(entry.waiting.count, of: entry)
        contentInMemory += entry.contentInMemory
    }

    func count(_ change: Int, of entry: WorkEntry) {
        entry.counted += change
        recipientCount += change
    }

    private func putInLine(_ entry: WorkEntry, atFront: Bool) {
        if !entry.isInLine, !entry.waiting.isEmpty {
            if atFront { entry.hop.line.prepend(entry) } else { entry.hop.line.append(entry) }
            entry.isInLine = true
        }
        makeReady(entry.hop)
    }

    func leaveIfDone(_ entry: WorkEntry) {
        guard entry.outstanding == 0, entry.waiting.isEmpty else { return }
        let hop = entry.hop
        hop.known[entry.message.id] = nil
        entryCount -= 1
        count(-entry.counted, of: entry)
        contentInMemory -= entry.contentInMemory
        if hop.isRefilling { hop.leftWhileRefilling.insert(entry.message.id) }
        if hop.hasMoreInStore, isLow(hop) { wantRefill(hop) }
        forgetIfIdle(hop)
    }

    func makeReady(_ hop: HopQueue) {
        guard !hop.isReady, !hop.line.isEmpty else { return }
        if hop.parked > 0 {
            readyWithConnection[hop.route.carrier, default: []].append(hop)
        } else if hop.mayLease, !hop.isBlocked {
            ready[hop.route.carrier, default: []].append(hop)
        } else {
            return
        }
        hop.isReady = true
    }

    private func markMoreInStore(_ hop: HopQueue) {
        hop.hasMoreInStore = true
        if isLow(hop) { wantRefill(hop) }
    }

    /// Whether a window should be filled up: few messages wait in it, and few recipients.
    private func isLow(_ hop: HopQueue) -> Bool {
        hop.line.count < bounds.lowWater && hop.line.reduce(0) { $0 + $1.waiting.count } < bounds.recipientsPerHop / 2
    }

    func wantRefill(_ hop: HopQueue) {
        guard !hop.isRefilling else { return }
        hop.isRefilling = true
        hop.hasMoreInStore = false
        wanting.append(hop)
    }

    func hop(for route: Route) -> HopQueue? {
        if let hop = hops[route] { return hop }
        // Mailboxes are as many as the configuration names; they always have room.
        guard hops.count < bounds.hops || route.carrier == .mailbox || evictPaused() else {
            hasHopsBeyondMemory = true
            return nil
        }
        let hop = HopQueue(route: route, limits: limits(route))
        hop.failingSince = pastFailures.since(route)
        hop.failures = pastFailures.take(route)
        hops[route] = hop
        return hop
    }

    func forgetIfIdle(_ hop: HopQueue) {
        guard hop.isForgettable, hop.line.isEmpty, hops[hop.route] === hop else { return }
        hops[hop.route] = nil
        pastFailures.note(hop.route, hop.failures, since: hop.failingSince)
    }

    /// The owner is about to read hops from the store again.
    func willReadHops() { hasHopsBeyondMemory = false }

    /// Whether content is worth keeping in memory until it goes out.
    private func contentToKeep(_ content: QueuedContent) -> QueuedContent? {
        switch content {
        case .file: .file
        case .damaged: nil
        case .inline(let bytes): contentInMemory + bytes.readableBytes <= bounds.content ? content : nil
        }
    }
}
