import MailVocabulary
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Topology

@testable import SMTPServer

/// Counts on any thread.
private final class Count: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .acquiring) }
    func rise() { _ = number.add(1, ordering: .acquiringAndReleasing) }
}

@Suite("Kind: a bound of a process holds over all its event loops")
struct CrossLoopPoolTests {
    private static func network(_ number: UInt32) -> ClientNetwork { ClientNetwork(IPAddress(ipv4: 0x0A00_0000 + number)) }

    private func withLoops(_ count: Int, _ body: ([any EventLoop]) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        try await body(Array(group.makeIterator()))
        try await group.shutdownGracefully()
    }

    @Test("a member of another loop that has to make room hears of it once, on its own loop, and its place is free at once")
    func crossLoopEviction() async throws {
        try await withLoops(2) { loops in
            let pool = CrossLoopPool(capacity: 1, limitPerNetwork: nil, budgets: BudgetSettings(), protection: .zero)
            let ended = loops[0].makePromise(of: Void.self)
            let first = try await loops[0].submit {
                let part = pool.part(on: loops[0])
                let admission = part.admit(from: Self.network(1)) {
                    loops[0].preconditionInEventLoop()
                    ended.succeed()
                }
                guard case .admitted(let place) = admission else { throw ChannelError.eof }
                return NIOLoopBound((part, place), eventLoop: loops[0])
            }.get()
            let second = try await loops[1].submit {
                let part = pool.part(on: loops[1])
                guard case .admitted(let place) = part.admit(from: Self.network(2), end: {}) else { throw ChannelError.eof }
                return NIOLoopBound((part, place), eventLoop: loops[1])
            }.get()
            try await ended.futureResult.get()
            #expect(pool.count == 1)
            // What it gives back afterwards is nobody's.
            try await loops[0].submit { first.value.0.leave(first.value.1) }.get()
            #expect(pool.count == 1)
            try await loops[1].submit { second.value.0.leave(second.value.1) }.get()
            #expect(pool.count == 0)
        }
    }

    @Test("who leaves before hearing that its place was needed is not ended, nor is anybody else")
    func leavesFirst() async throws {
        try await withLoops(2) { loops in
            let pool = CrossLoopPool(capacity: 1, limitPerNetwork: nil, budgets: BudgetSettings(), protection: .zero)
            let taken = Count()
            let (part, other) = (
                try await loops[0].submit { NIOLoopBound(pool.part(on: loops[0]), eventLoop: loops[0]) }.get(),
                try await loops[1].submit { NIOLoopBound(pool.part(on: loops[1]), eventLoop: loops[1]) }.get()
            )
            try await loops[0].submit {
                guard case .admitted(let place) = part.value.admit(from: Self.network(1), end: { Issue.record("it has left") }) else {
                    throw ChannelError.eof
                }
                // This loop waits, so that the word for it does as well.
                loops[1].execute {
                    if case .admitted = other.value.admit(from: Self.network(2), end: {}) {} else { Issue.record("there is room") }
                    taken.rise()
                }
                while taken.value == 0 {}
                part.value.leave(place)
            }.get()
            try await loops[0].submit {}.get()
            #expect(pool.count == 1)
        }
    }

    @Test("under load from 4 loops there are never more members than the capacity, nor of a network than its limit, and at the end none")
    func load() async throws {
        try await withLoops(4) { loops in
            let pool = CrossLoopPool(capacity: 50, limitPerNetwork: 10, budgets: BudgetSettings(), protection: .zero)
            let ended = Count()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for loop in loops {
                    tasks.addTask {
                        try await loop.submit {
                            let part = pool.part(on: loop)
                            var places: [CrossLoopPool.Place] = []
                            for round in 0..<5000 {
                                let admission = part.admit(from: Self.network(UInt32(round % 8))) { ended.rise() }
                                if case .admitted(let place) = admission { places.append(place) }
                                if pool.count > 50 { Issue.record("\(pool.count) members") }
                                if round % 3 == 0, let place = places.popLast() { part.leave(place) }
                            }
                            for place in places { part.leave(place) }
                        }.get()
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(pool.count == 0)
            #expect(ended.value > 0)
        }
    }
}
