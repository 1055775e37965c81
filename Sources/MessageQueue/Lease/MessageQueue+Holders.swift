import MailVocabulary
import NIOCore

/// Holders over a restart of the core: they are remembered, come back, and present what they still work on.
extension MessageQueue {
    /// A process that may hold leases connects for the first time; durable before it gets any.
    public func remember(_ holder: HolderRecord, completion: @escaping () -> Void) {
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
        // First those who wait: what is released must not go to the one who is gone.
        for carrier in Carrier.allCases { waiters[carrier]?.removeAll { $0.holder == holder } }
        for (route, line) in parked {
            for waiter in line where waiter.holder == holder { unpark(route, token: waiter.token) }
        }
        for (id, lease) in leases where lease.holder == holder { release(id) }
        awaitedHolders.remove(holder)
        store.submit(.forgetHolder(holder)) { [weak self] in self?.noteStore($0) }
        if awaitedHolders.isEmpty { openForLeases() }
    }

    /// A lease that its holder still works on, from before a restart.
    public struct Presented {
        public let lease: LeaseID
        public let message: QueueID
        public let recipients: [UInt32]

        public init(lease: LeaseID, message: QueueID, recipients: [UInt32]) {
            (self.lease, self.message, self.recipients) = (lease, message, recipients)
        }
    }

    /// A holder says what it still works on.
    ///
    /// - Parameters:
    ///   - carrier: of the socket that it came in on; it holds no work of another.
    ///   - completion: called with those leases that are its own still, or again.
    public func present(_ presented: [Presented], holder: UInt64, carrier: Carrier, completion: @escaping ([LeaseID]) -> Void) {
        present(presented[...], confirmed: [], holder: holder, carrier: carrier) { [self] confirmed in
            awaitedHolders.remove(holder)
            if awaitedHolders.isEmpty { openForLeases() }
            completion(confirmed)
        }
    }

    /// One after the other: a message is read with its content, and all of them at once would be a lot of memory.
    private func present(
        _ presented: ArraySlice<Presented>, confirmed: [LeaseID], holder: UInt64, carrier: Carrier,
        completion: @escaping ([LeaseID]) -> Void
    ) {
        var (rest, confirmed) = (presented, confirmed)
        while let item = rest.first, isHeld(item.lease, by: holder) {
            confirmed.append(item.lease)
            rest.removeFirst()
        }
        guard let item = rest.popFirst() else { return completion(confirmed) }
        store.message(item.message).assumeIsolated().whenComplete { [self, rest] result in
            var confirmed = confirmed
            if case .success(let message?) = result, adopt(item, message: message, holder: holder, carrier: carrier) {
                confirmed.append(item.lease)
            }
            present(rest, confirmed: confirmed, holder: holder, carrier: carrier, completion: completion)
        }
    }

    private func adopt(_ item: Presented, message: StoredMessage, holder: UInt64, carrier: Carrier) -> Bool {
        let wanted = Set(item.recipients)
        let rows = message.recipients.filter { wanted.contains($0.index) }
        guard let route = rows.first?.route, route.carrier == carrier, leases[item.lease] == nil else { return false }
        let recipients = rows.filter { $0.route == route }.map {
            WorkEntry.Recipient(index: $0.index, attempts: $0.attempts, recipient: $0.recipient)
        }
        // Others of the same message and next hop may be out under other leases: a lease has at most a hundred.
        let others = leases.values.filter { $0.entry.message.id == item.message && $0.entry.hop.route == route }
        guard !others.contains(where: { $0.recipients.contains { wanted.contains($0.index) } }),
            let entry = scheduler.adopt(
                recipients, of: message.head.withoutContent, route: route, leased: others.reduce(0) { $0 + $1.recipients.count })
        else { return false }
        leases[item.lease] = Lease(entry: entry, recipients: recipients, holder: holder, renewedAt: eventLoop.now)
        return true
    }

    func openForLeases() {
        guard !isOpenForLeases else { return }
        isOpenForLeases = true
        // Those that did not come back in time are waited for no more, also after the next start.
        for holder in awaitedHolders { store.submit(.forgetHolder(holder)) { [weak self] in self?.noteStore($0) } }
        awaitedHolders = []
        dispatch()
    }
}

extension MessageHead {
    /// The holder has the content; where it gives the work back, it is read again.
    fileprivate var withoutContent: MessageHead {
        guard case .inline = content else { return self }
        return MessageHead(
            id: id, receivedAt: receivedAt, sender: sender, size: size, has8BitOctets: has8BitOctets, content: nil, checksum: checksum)
    }
}
