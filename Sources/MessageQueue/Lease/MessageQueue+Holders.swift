import MailVocabulary
import NIOCore

/// Holders over a restart of the core: they are remembered, come back, and present what they still work on.
extension MessageQueue {
    /// Whether a process may go by this id on a socket of this role: nobody of another role does.
    public func mayTake(_ id: UInt64, carrier: Carrier) -> Bool {
        id != 0 && (holderRoles[id] ?? earlierHolders.carrier(of: id) ?? carrier) == carrier
    }

    /// A process that may hold leases connects for the first time; durable before it gets any.
    public func remember(_ holder: HolderRecord, completion: @escaping () -> Void) {
        holderRoles[holder.id] = holder.carrier
        store.submit(.rememberHolder(holder)) { [weak self] result in
            guard let self else { return }
            noteStore(result)
            switch result {
            case .success, .failure(.closed): completion()
            // Without the record a restarted core would not wait for this holder, and give its work to another.
            case .failure: after(.seconds(1)) { [weak self] in self?.remember(holder, completion: completion) }
            }
        }
    }

    /// A process that held leases is gone, or said farewell.
    public func forget(holder: UInt64) {
        holderRoles[holder] = nil
        // First those who wait: what is released must not go to the one who is gone.
        for carrier in Carrier.allCases { waiters[carrier]?.removeAll { $0.holder == holder } }
        for (route, line) in parked {
            for waiter in line where waiter.holder == holder { unpark(route, token: waiter.token) }
        }
        for (id, lease) in leases where lease.holder == holder { release(id) }
        // What it was presenting is looked at no further.
        earlierHolders.forget(holder)
        store.submit(.forgetHolder(holder)) { [weak self] in self?.noteStore($0) }
        openIfNobodyIsAwaited()
    }

    /// A lease as its holder names it.
    public struct Presented: Sendable {
        public let lease: LeaseID
        public let message: QueueID
        public let recipients: [UInt32]

        public init(lease: LeaseID, message: QueueID, recipients: [UInt32]) {
            (self.lease, self.message, self.recipients) = (lease, message, recipients)
        }
    }

    /// A holder says what it still works on.
    ///
    /// What stands is confirmed. Besides that only a holder that was remembered before this start gets anything, once: leases of an
    /// earlier start, for mail of its role that was there before, before any work is given out.
    ///
    /// - Parameters:
    ///   - holder: as its socket and the kernel tell of it; it holds no work of another role.
    ///   - completion: called with those leases that are its own still, or again.
    public func present(_ presented: [Presented], by holder: HolderRecord, completion: @escaping ([LeaseID]) -> Void) {
        let standing = presented.map(\.lease).filter { isHeld($0, by: holder.id) }
        switch earlierHolders.present(holder) {
        case .unknown: completion(standing)
        case .late:
            for item in presented where mayBeFromBefore(item) { noteEnded(item, holder) }
            completion(standing)
        case .inTime:
            present(presented[...], confirmed: standing, by: holder) { [self] confirmed in
                earlierHolders.forget(holder.id)
                openIfNobodyIsAwaited()
                completion(confirmed)
            }
        }
    }

    /// One after the other: a message is read with its content, and all of them at once would be a lot of memory.
    private func present(
        _ presented: ArraySlice<Presented>, confirmed: [LeaseID], by holder: HolderRecord, completion: @escaping ([LeaseID]) -> Void
    ) {
        var rest = presented
        while let item = rest.first, !mayBeFromBefore(item) { rest.removeFirst() }
        guard earlierHolders.isPresenting(holder.id), let item = rest.popFirst() else { return completion(confirmed) }
        store.message(item.message, recipients: item.recipients).assumeIsolated().whenComplete { [self, rest] result in
            var confirmed = confirmed
            // Gone meanwhile: what would be adopted now would be nobody's.
            if earlierHolders.isPresenting(holder.id) {
                if case .success(let message?) = result, adopt(item, message: message, by: holder) {
                    confirmed.append(item.lease)
                } else {
                    noteEnded(item, holder)
                }
            }
            present(rest, confirmed: confirmed, by: holder, completion: completion)
        }
    }

    /// Whether an earlier start can have given out such a lease.
    private func mayBeFromBefore(_ item: Presented) -> Bool {
        item.lease.epoch < epoch && item.message <= scheduler.firstID && leases[item.lease] == nil
            && (1...scheduler.bounds.recipientsPerLease).contains(item.recipients.count)
    }

    private func noteEnded(_ item: Presented, _ holder: HolderRecord) {
        endedLeases.add(
            item.lease, .init(holder: holder.id, message: item.message, indices: Set(item.recipients)), holder.carrier)
    }

    private func adopt(_ item: Presented, message: StoredMessage, by holder: HolderRecord) -> Bool {
        let wanted = Set(item.recipients)
        let rows = message.recipients.filter { wanted.contains($0.index) }
        guard wanted.count == item.recipients.count, let route = rows.first?.route, route.carrier == holder.carrier,
            leases[item.lease] == nil
        else { return false }
        let recipients = rows.filter { $0.route == route }.map {
            WorkEntry.Recipient(index: $0.index, attempts: $0.attempts, recipient: $0.recipient, writtenTo: $0.writtenTo)
        }
        // Others of the same message and next hop may be out under other leases: a lease has at most a hundred.
        let others = leases.values.filter { $0.entry.message.id == item.message && $0.entry.hop.route == route }
        guard !others.contains(where: { $0.recipients.contains { wanted.contains($0.index) } }),
            let entry = scheduler.adopt(
                recipients, of: message.head.withoutContent, route: route, leased: others.reduce(0) { $0 + $1.recipients.count })
        else { return false }
        leases[item.lease] = Lease(
            entry: entry, recipients: recipients, holder: holder.id, presented: item.recipients, now: eventLoop.now)
        return true
    }

    /// The time to come back is over: those that did not are waited for no more, also after the next start.
    func stopAwaiting() {
        for holder in earlierHolders.expire() { store.submit(.forgetHolder(holder)) { [weak self] in self?.noteStore($0) } }
        // Whoever came in time is heard to the end.
        openIfNobodyIsAwaited()
    }

    func openIfNobodyIsAwaited() {
        guard !isOpenForLeases, !earlierHolders.isWaiting else { return }
        isOpenForLeases = true
        dispatch()
    }
}

extension MessageHead {
    /// The holder has the content; where it gives the work back, it is read again.
    fileprivate var withoutContent: MessageHead {
        guard case .inline = content else { return self }
        return MessageHead(
            id: id, receivedAt: receivedAt, sender: sender, size: size, has8BitOctets: has8BitOctets, content: nil, checksum: checksum,
            messageID: messageID)
    }
}
