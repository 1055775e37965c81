import ClientBudgets
import MailVocabulary
import NIOCore
import NameResolution
import Topology

/// The reverse DNS look-ups of all connections of a front end: bounded in number, with a share for each client network. Where all are
/// under way, the one that has taken longest gives way, since its name servers are slow; its client is then one whose name cannot be looked up
/// now. Confined to its event loop.
final class ReverseLookups {
    /// Ends a look-up whose client has gone: nobody is called back, and it makes room.
    struct Handle {
        fileprivate let number: UInt64
    }

    private let resolver: DNSResolver
    private let eventLoop: any EventLoop
    private var pool: SharedPool<UInt64>
    private var waiting: [UInt64: (ReverseDNSResult) -> Void] = [:]
    private var next: UInt64 = 0

    /// Look-ups under way at once. libunbound has a socket for each of them and as many again, for those that it works on
    /// after they were given up.
    static let capacity = 1000
    /// Most name servers answer within it.
    private static let protection = Duration.seconds(1)

    init(_ resolver: DNSResolver, budgets: BudgetSettings, on eventLoop: any EventLoop) {
        (self.resolver, self.eventLoop) = (resolver, eventLoop)
        pool = SharedPool(capacity: Self.capacity, budgets: budgets, protection: Self.protection)
    }

    /// Uses other settings from now on; what is under way goes on.
    func adopt(_ budgets: BudgetSettings) { pool = SharedPool(pool, capacity: Self.capacity, budgets: budgets) }

    var count: Int { waiting.count }

    /// - Parameter completion: called once, perhaps at once, unless the look-up is cancelled.
    func verify(_ address: IPAddress, within limit: Duration, _ completion: @escaping (ReverseDNSResult) -> Void) -> Handle {
        next += 1
        let number = next
        switch pool.admit(number, from: ClientNetwork(address), at: NIODeadline.now().sinceBoot) {
        case .admitted: break
        case .admittedInPlaceOf(let other): waiting.removeValue(forKey: other)?(.temperror(reason: "other look-ups needed the room"))
        case .networkIsOverLimit:
            completion(.temperror(reason: "the client's network has too many look-ups under way"))
            return Handle(number: number)
        case .full:
            completion(.temperror(reason: "too many look-ups under way"))
            return Handle(number: number)
        }
        waiting[number] = completion
        ReverseDNS(resolver: resolver).verify(address, within: limit, on: eventLoop).assumeIsolated().whenSuccess { [self] result in
            guard let completion = waiting.removeValue(forKey: number) else { return }
            pool.remove(number)
            completion(result)
        }
        return Handle(number: number)
    }

    func cancel(_ handle: Handle) {
        waiting[handle.number] = nil
        pool.remove(handle.number)
    }
}
