import DequeModule
import MailVocabulary

/// Next hops that are left alone: what waits for them stands still, grows too old (E09), and makes room for the living.
extension WorkScheduler {
    /// The next hop could not be reached at all: nothing goes there before `time`, and then one connection at a time.
    func pause(_ hop: HopQueue, until time: Timestamp) {
        hop.failures += 1
        hop.pausedUntil = time
        standAside(hop)
    }

    /// As an earlier start of the core left it.
    func restore(_ known: UnreachableHop, isOver: Bool) -> HopQueue? {
        guard !isOver, let hop = hop(for: known.route) else {
            pastFailures.note(known.route, known.failures, since: known.since)
            return nil
        }
        (hop.failures, hop.failingSince) = (known.failures, known.since)
        hop.lastFailure = Reply(recorded: known.lastError) ?? Reply(451, "4.4.1", known.lastError)
        standAside(hop)
        return hop
    }

    private func standAside(_ hop: HopQueue) {
        if paused.count >= 2 * bounds.hops { paused = Deque(hops.values.filter { $0.pausedUntil != nil }) }
        paused.append(hop)
    }

    var hasPausedHops: Bool { !paused.isEmpty }

    /// When the first message that waits for a hop becomes too old (E09); nil where none waits.
    ///
    /// - Parameter received: when a message was received, by the clock of now.
    func firstExpiry(_ hop: HopQueue, received: (MessageHead) -> Timestamp = \.receivedAt) -> Timestamp? {
        hop.line.map { received($0.message) + hop.limits.retry.expiration }.min()
    }

    /// Work of a hop that is left alone, for messages that are as old as they may get.
    func takeExpired(_ hop: HopQueue, now: Timestamp, received: (MessageHead) -> Timestamp = \.receivedAt) -> Assignment? {
        // What is being given up is held until it is recorded: a store that fails must not gather all of it.
        guard hop.pausedUntil != nil, hop.known.count - hop.line.count < bounds.perHop,
            let place = hop.line.firstIndex(where: { received($0.message) + hop.limits.retry.expiration <= now })
        else { return nil }
        connectionBegan(hop)
        return assign(hop, at: place)
    }

    func resume(_ hop: HopQueue) {
        hop.pausedUntil = nil
        makeReady(hop)
        forgetIfIdle(hop)
    }

    /// The next hop answers.
    func reached(_ hop: HopQueue) {
        guard hop.failures > 0 else { return }
        (hop.failures, hop.failingSince, hop.lastFailure) = (0, nil, nil)
        resume(hop)
    }

    /// The store is about to be read for messages of a hop that is left alone and have become too old; `refill` or `refillFailed`
    /// follows.
    ///
    /// - Returns: how many rows to ask for; nil where there is nothing to look for, or the hop is being read already.
    func beginReadingExpired(_ hop: HopQueue) -> Int? {
        guard hop.pausedUntil != nil, hop.hasMoreInStore, !hop.isRefilling, hops[hop.route] === hop else { return nil }
        hop.isRefilling = true
        return rows(for: hop)
    }

    /// Forgets a hop that is left alone, so that ten thousand dead ones do not stand in the way of a living one. What waits for it is in
    /// the store, and is found there again.
    func evictPaused() -> Bool {
        for _ in 0..<paused.count {
            guard let hop = paused.popFirst() else { break }
            guard hop.pausedUntil != nil, hops[hop.route] === hop else { continue }
            guard hop.isEvictable else {
                paused.append(hop)
                continue
            }
            if !hop.known.isEmpty || hop.hasMoreInStore { hasHopsBeyondMemory = true }
            for entry in hop.known.values {
                entryCount -= 1
                count(-entry.counted, of: entry)
                contentInMemory -= entry.contentInMemory
            }
            (hop.known, hop.line, hop.pausedUntil) = ([:], [], nil)
            hops[hop.route] = nil
            pastFailures.note(hop.route, hop.failures, since: hop.failingSince)
            return true
        }
        return false
    }
}
