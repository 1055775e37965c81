import NIOCore

/// Connections of one role to the core, kept open between transactions; each carries one transaction at a time.
///
/// Confined to its event loop, and made on it. Bounded in connections, for which pools of several loops may have one allowance, and in
/// waiters: past both, `acquire` fails at once, and the sender is told to come back later (law 6).
public final class LinkPool<Role: LinkRole & SendableMetatype> {
    public typealias Client = LinkClient<Role>

    private let address: LinkAddress
    private let holder: UInt64
    public let eventLoop: any EventLoop
    private let allowance: LinkAllowance
    private let maximumWaiters: Int
    /// The revision that this process runs with; set on reload.
    public var revision: String

    private var idle: [Client] = []
    /// Every open connection, idle or in use, and the generation that it is of.
    private var members: [ObjectIdentifier: (client: Client, generation: Int)] = [:]
    private var connecting = 0
    private var generation = 0
    private var waiters = CircularBuffer<(Result<Client, LinkError>) -> Void>()
    /// Among the pools of the allowance.
    private var number = 0

    /// - Parameter allowance: of connections, which pools of other event loops may have their part of.
    public init(
        to address: LinkAddress, holder: UInt64, revision: String, on eventLoop: any EventLoop, allowance: LinkAllowance,
        maximumWaiters: Int = 10_000
    ) {
        (self.address, self.holder, self.revision, self.eventLoop) = (address, holder, revision, eventLoop)
        (self.allowance, self.maximumWaiters) = (allowance, maximumWaiters)
        let itself = NIOLoopBound(WeakPool(pool: self), eventLoop: eventLoop)
        number = allowance.join(
            LinkAllowance.Member(
                onRoom: { eventLoop.execute { itself.value.pool?.openForWaiters() } },
                onWanted: { eventLoop.execute { itself.value.pool?.endIdle() } }))
    }

    /// A pool with an allowance of its own.
    public convenience init(
        to address: LinkAddress, holder: UInt64, revision: String, on eventLoop: any EventLoop, maximumConnections: Int = 1000,
        maximumWaiters: Int = 10_000
    ) {
        self.init(
            to: address, holder: holder, revision: revision, on: eventLoop,
            allowance: LinkAllowance(connections: maximumConnections), maximumWaiters: maximumWaiters)
    }

    private struct WeakPool {
        weak var pool: LinkPool?
    }

    /// Takes an idle connection, or opens one, or waits for one. The completion is called once, on the event loop, perhaps at once.
    ///
    /// Until it is given back with `release` or `discard`, also where it ends by itself, its callbacks are the taker's.
    public func acquire(_ completion: @escaping (Result<Client, LinkError>) -> Void) {
        while let client = idle.popLast() {
            if client.connection.isOpen { return hand(client, to: completion) }
        }
        if allowance.take(by: number) {
            open(completion)
        } else if waiters.count < maximumWaiters {
            waiters.append(completion)
        } else {
            completion(.failure(.exhausted))
        }
    }

    /// Gives a connection back after a whole transaction. One whose transaction broke off is closed instead: see `discard`.
    public func release(_ client: Client) {
        guard let member = members[ObjectIdentifier(client)] else { return }
        guard client.connection.isOpen else { return forget(client) }
        guard member.generation == generation else { return discard(client) }
        if let waiter = waiters.popFirst() { return hand(client, to: waiter) }
        guard !allowance.isWanted(besides: number) else { return discard(client) }
        // Between transactions the core has nothing to say: what comes then belongs to no transaction, and must not get into one.
        client.connection.onMessage = { [weak self, weak client] _ in client.map { self?.discard($0) } }
        client.connection.onClosed = { [weak self, weak client] _ in client.map { self?.forget($0) } }
        client.connection.onWritable = {}
        client.connection.resumeReading()
        idle.append(client)
    }

    /// Ends a connection in the middle of a transaction: the core drops the transaction.
    public func discard(_ client: Client) {
        client.connection.onMessage = { _ in }
        client.connection.onClosed = { _ in }
        client.connection.onWritable = {}
        client.connection.close()
        forget(client)
    }

    /// Ends the idle connections; those in use end when they are released.
    public func closeIdle() {
        generation += 1
        let clients = idle
        idle = []
        for client in clients { discard(client) }
    }

    private var openCount: Int { members.count + connecting }

    private func hand(_ client: Client, to completion: (Result<Client, LinkError>) -> Void) {
        client.connection.onMessage = { _ in }
        client.connection.onClosed = { _ in }
        client.connection.onWritable = {}
        completion(.success(client))
    }

    /// Another pool has none that is idle.
    private func endIdle() {
        if let client = idle.first { discard(client) }
    }

    private func openForWaiters() {
        while !waiters.isEmpty, allowance.take(by: number) { open(waiters.removeFirst()) }
    }

    /// Opens a connection, which has been taken out of the allowance.
    private func open(_ completion: @escaping (Result<Client, LinkError>) -> Void) {
        connecting += 1
        let generation = generation
        Client.connect(to: address, holder: holder, revision: revision, on: eventLoop) { [self] result in
            connecting -= 1
            switch result {
            case .success(let client):
                members[ObjectIdentifier(client)] = (client, generation)
                completion(result)
            case .failure(let error):
                completion(result)
                failWaiters(error)
                allowance.giveBack()
            }
        }
    }

    /// A connection has ended; only the first call for it counts.
    private func forget(_ client: Client) {
        guard members.removeValue(forKey: ObjectIdentifier(client)) != nil else { return }
        if let index = idle.firstIndex(where: { $0 === client }) { idle.remove(at: index) }
        if let waiter = waiters.popFirst() { open(waiter) } else { allowance.giveBack() }
    }

    /// With no connection left that could come back, nobody would ever serve the waiters: they hear what the last attempt heard.
    private func failWaiters(_ error: LinkError) {
        guard openCount == 0 else { return }
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter(.failure(error)) }
    }
}
