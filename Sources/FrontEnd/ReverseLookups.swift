import MailVocabulary
import NIOCore
import NameResolution
import SMTPServer
import Topology

/// The reverse DNS look-ups of one event loop's connections, out of those of all loops: bounded in number, with a share for each client network.
/// Where all are under way, the one that has taken longest gives way, since its name servers are slow; its client is then one whose name cannot
/// be looked up now. Confined to its event loop.
final class ReverseLookups {
    /// Ends a look-up whose client has gone: nobody is called back, and it makes room.
    struct Handle {
        fileprivate let number: UInt64
    }

    private struct Waiting {
        let place: CrossLoopPool.Place
        let completion: (ReverseDNSResult) -> Void
    }

    private let resolver: DNSResolver
    private let eventLoop: any EventLoop
    private let part: CrossLoopPool.Part
    private var waiting: [UInt64: Waiting] = [:]
    private var last: UInt64 = 0

    /// Look-ups under way at once, over all event loops. libunbound has a socket for each of them and as many again, for those that it works
    /// on after they were given up.
    static let capacity = 1000
    /// Most name servers answer within it.
    private static let protection = Duration.seconds(1)

    /// Those of all event loops.
    static func pool(budgets: BudgetSettings) -> CrossLoopPool {
        CrossLoopPool(capacity: capacity, budgets: budgets, protection: protection)
    }

    /// On the event loop.
    ///
    /// - Parameter pool: as ``pool(budgets:)`` makes it.
    init(_ resolver: DNSResolver, in pool: CrossLoopPool, on eventLoop: any EventLoop) {
        (self.resolver, self.eventLoop) = (resolver, eventLoop)
        part = pool.part(on: eventLoop)
    }

    var count: Int { waiting.count }

    /// - Parameter completion: called once, perhaps at once, unless the look-up is cancelled.
    func verify(_ address: IPAddress, within limit: Duration, _ completion: @escaping (ReverseDNSResult) -> Void) -> Handle {
        last += 1
        let number = last
        let makeRoom = { [self] () -> Void in
            waiting.removeValue(forKey: number)?.completion(.temperror(reason: "other look-ups needed the room"))
        }
        switch part.admit(from: ClientNetwork(address), end: makeRoom) {
        case .admitted(let place): waiting[number] = Waiting(place: place, completion: completion)
        case .networkIsOverLimit:
            completion(.temperror(reason: "the client's network has too many look-ups under way"))
            return Handle(number: number)
        case .full:
            completion(.temperror(reason: "too many look-ups under way"))
            return Handle(number: number)
        }
        ReverseDNS(resolver: resolver).verify(address, within: limit, on: eventLoop).assumeIsolated().whenSuccess { [self] result in
            end(number)?(result)
        }
        return Handle(number: number)
    }

    func cancel(_ handle: Handle) { _ = end(handle.number) }

    private func end(_ number: UInt64) -> ((ReverseDNSResult) -> Void)? {
        guard let ended = waiting.removeValue(forKey: number) else { return nil }
        part.leave(ended.place)
        return ended.completion
    }
}
