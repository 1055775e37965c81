import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import CoreLink

@Suite("Pooled connections", .timeLimit(.minutes(1)))
struct LinkPoolTests {
    typealias Pool = LinkPool<EdgeLink>

    let folder: TemporaryFolder
    let server: TestServer
    let loop: any EventLoop

    init() throws {
        folder = try TemporaryFolder()
        loop = MultiThreadedEventLoopGroup.singleton.next()
        server = TestServer(on: loop)
    }

    @Test("a connection that was given back is used again")
    func reuse() async throws {
        let pool = try await self.pool()
        let first = try await acquire(pool).get()
        try await loop.run { pool.value.release(first.value) }
        let second = try await acquire(pool).get()
        #expect(try await loop.run { first.value === second.value })
        #expect(try await server.openCount == 1)
    }

    @Test("no more connections than the limit; who waits gets the one that is given back, and past the waiters nobody waits")
    func bounds() async throws {
        let pool = try await self.pool(maximumConnections: 2, maximumWaiters: 1)
        let first = try await acquire(pool).get()
        _ = try await acquire(pool).get()
        let waiting = try await startAcquiring(pool)
        await #expect(throws: LinkError.exhausted) { _ = try await acquire(pool).get() }
        try await loop.run { pool.value.release(first.value) }
        let third = try await waiting.value.get().get()
        #expect(try await loop.run { first.value === third.value })
        #expect(try await server.openCount == 2)
    }

    @Test("a connection whose transaction broke off is closed, and who waits gets a new one")
    func discard() async throws {
        let pool = try await self.pool(maximumConnections: 1)
        let first = try await acquire(pool).get()
        let waiting = try await startAcquiring(pool)
        try await loop.run { pool.value.discard(first.value) }
        let second = try await waiting.value.get().get()
        #expect(try await loop.run { first.value !== second.value && second.value.connection.isOpen })
    }

    @Test("a connection that ended counts once, however often it is given back")
    func countedOnce() async throws {
        let pool = try await self.pool(maximumConnections: 1)
        let loop = loop
        let first = try await acquire(pool).get()
        let ended = loop.makePromise(of: Void.self)
        try await loop.run { first.value.connection.onClosed = { _ in ended.succeed() } }
        try await server.withConnection(1) { $0.close() }
        try await ended.futureResult.get()
        try await loop.run {
            pool.value.release(first.value)
            pool.value.discard(first.value)
            pool.value.release(first.value)
        }
        let second = try await acquire(pool).get()
        let waiting = try await startAcquiring(pool)
        #expect(try await server.openCount == 1)
        try await loop.run { pool.value.release(second.value) }
        let third = try await waiting.value.get().get()
        #expect(try await loop.run { second.value === third.value })
    }

    @Test("when the core is gone those who wait hear it, and a later one finds the core that came back")
    func coreIsGone() async throws {
        let pool = try await self.pool(maximumConnections: 1)
        let first = try await acquire(pool).get()
        let waiting = [try await startAcquiring(pool), try await startAcquiring(pool)]
        let ended = loop.makePromise(of: Void.self)
        try await loop.run { first.value.connection.onClosed = { _ in ended.succeed() } }
        try await server.die()
        try await ended.futureResult.get()
        try await loop.run { pool.value.discard(first.value) }
        for one in waiting {
            guard case .failure(.unreachable) = try await one.value.get() else {
                Issue.record("the waiter was not told")
                continue
            }
        }
        let next = TestServer(on: loop)
        try await next.listen(at: folder.socket)
        _ = try await acquire(pool).get()
        #expect(try await next.openCount == 1)
    }

    @Test("an idle connection that the core has closed is not handed out")
    func closedWhileIdle() async throws {
        let pool = try await self.pool(maximumConnections: 1)
        let first = try await acquire(pool).get()
        try await loop.run { pool.value.release(first.value) }
        try await server.withConnection(1) { $0.close() }
        // Each turn of the loop may be the one that hears of it.
        while try await loop.run({ first.value.connection.isOpen }) { try Task.checkCancellation() }
        let second = try await acquire(pool).get()
        #expect(try await loop.run { second.value.connection.isOpen })
    }

    @Test("an idle connection that speaks is closed: its words belong to no transaction")
    func speaksWhileIdle() async throws {
        let pool = try await self.pool()
        let first = try await acquire(pool).get()
        try await loop.run { pool.value.release(first.value) }
        try await server.withConnection(1) {
            $0.send(.recipient(Samples.reply))
            $0.flush()
        }
        let events = EventReader(server.log.stream)
        try await events.first { if case .closed(1, _) = $0 { true } else { nil } }
    }

    @Test("after a reload connections in use end when they are given back, and the next carries the new revision")
    func reload() async throws {
        let pool = try await self.pool()
        let (idle, used) = (try await acquire(pool).get(), try await acquire(pool).get())
        try await loop.run {
            pool.value.release(idle.value)
            pool.value.revision = "r2"
            pool.value.closeIdle()
            #expect(!idle.value.connection.isOpen)
            #expect(used.value.connection.isOpen)
            pool.value.release(used.value)
            #expect(!used.value.connection.isOpen)
        }
        _ = try await acquire(pool).get()
        let events = EventReader(server.log.stream)
        let revision = try await events.first { if case .opened(3, _, let revision, _, _) = $0 { revision } else { nil } }
        #expect(revision == "r2")
    }

    @Test("pools of two loops have one allowance: what is idle in one ends for who waits in the other, and never are more open than that")
    func sharedAllowance() async throws {
        try await server.listen(at: folder.socket)
        let allowance = LinkAllowance(connections: 2)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let pools = try await pools(group, allowance)
        let (first, second) = (try await take(pools[0]), try await take(pools[0]))
        #expect(allowance.free == 0)
        // Both are in use: who waits elsewhere gets the first that is given back.
        let waiting = try await startTaking(pools[1])
        try await pools[0].eventLoop.submit { pools[0].value.release(first.value) }.get()
        let third = try await waiting.value.get().get()
        #expect(allowance.free == 0)
        try await pools[0].eventLoop.submit { pools[0].value.release(second.value) }.get()
        // One is idle in the other loop.
        let fourth = try await take(pools[1])
        #expect(allowance.free == 0)
        #expect(try await pools[0].eventLoop.submit { !first.value.connection.isOpen && !second.value.connection.isOpen }.get())
        #expect(try await pools[1].eventLoop.submit { third.value.connection.isOpen && fourth.value.connection.isOpen }.get())
        try await pools[1].eventLoop.submit {
            pools[1].value.discard(third.value)
            pools[1].value.discard(fourth.value)
        }.get()
        #expect(allowance.free == 2)
        try await group.shutdownGracefully()
    }

    @Test("when the core dies, those who wait in a pool that has no connection of its own hear it as well")
    func sharedAllowanceCoreIsGone() async throws {
        try await server.listen(at: folder.socket)
        let allowance = LinkAllowance(connections: 1)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let pools = try await pools(group, allowance)
        let first = try await take(pools[0])
        let waiting = [try await startTaking(pools[1]), try await startTaking(pools[1])]
        let ended = pools[0].eventLoop.makePromise(of: Void.self)
        try await pools[0].eventLoop.submit { first.value.connection.onClosed = { _ in ended.succeed() } }.get()
        try await server.die()
        try await ended.futureResult.get()
        try await pools[0].eventLoop.submit { pools[0].value.discard(first.value) }.get()
        for one in waiting {
            guard case .failure(.unreachable) = try await one.value.get() else {
                Issue.record("the waiter was not told")
                continue
            }
        }
        // The failed attempt is given back a moment after it has been told of.
        try await pools[1].eventLoop.submit {}.get()
        #expect(allowance.free == 1)
        try await group.shutdownGracefully()
    }

    /// One pool on each loop of a group.
    private func pools(
        _ group: MultiThreadedEventLoopGroup, _ allowance: LinkAllowance
    ) async throws -> [NIOLoopBound<Pool>] {
        var pools: [NIOLoopBound<Pool>] = []
        let path = folder.socket
        for loop in group.makeIterator() {
            pools.append(
                try await loop.submit {
                    NIOLoopBound(
                        Pool(to: .init(path: path), holder: 1, revision: "r1", on: loop, allowance: allowance), eventLoop: loop)
                }.get())
        }
        return pools
    }

    private func take(_ pool: NIOLoopBound<Pool>) async throws -> NIOLoopBound<LinkClient<EdgeLink>> {
        try await startTaking(pool).value.get().get()
    }

    /// As `startAcquiring`, on the loop of the pool.
    private func startTaking(_ pool: NIOLoopBound<Pool>) async throws -> Pending {
        let loop = pool.eventLoop
        return try await loop.submit {
            let promise = loop.makePromise(of: Acquired.self)
            pool.value.acquire { promise.succeed($0.map { NIOLoopBound($0, eventLoop: loop) }) }
            return Pending(value: promise.futureResult)
        }.get()
    }

    // MARK: On the loop

    private func pool(maximumConnections: Int = 10, maximumWaiters: Int = 10) async throws -> NIOLoopBound<Pool> {
        try await server.listen(at: folder.socket)
        let (path, loop) = (folder.socket, loop)
        return try await loop.run {
            NIOLoopBound(
                Pool(
                    to: .init(path: path), holder: 1, revision: "r1", on: loop, maximumConnections: maximumConnections,
                    maximumWaiters: maximumWaiters),
                eventLoop: loop)
        }
    }

    private typealias Acquired = Result<NIOLoopBound<LinkClient<EdgeLink>>, LinkError>

    private func acquire(_ pool: NIOLoopBound<Pool>) async throws -> Acquired { try await startAcquiring(pool).value.get() }

    /// Asks, and returns what the answer will come in.
    private func startAcquiring(_ pool: NIOLoopBound<Pool>) async throws -> Pending {
        let loop = loop
        return try await loop.run {
            let promise = loop.makePromise(of: Acquired.self)
            pool.value.acquire { promise.succeed($0.map { NIOLoopBound($0, eventLoop: loop) }) }
            return Pending(value: promise.futureResult)
        }
    }

    private struct Pending: Sendable {
        let value: EventLoopFuture<Acquired>
    }
}
