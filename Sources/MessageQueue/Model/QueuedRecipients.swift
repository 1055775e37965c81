import Synchronization

/// The recipients of a message that comes in.
public enum QueuedRecipients: Sendable {
    /// Few: they go into memory, too, and the first leases are given out without a look at the store.
    case listed([QueuedRecipient])
    /// Many: each is made where it is written, on the writer's thread, and none stays in memory. Leases read them from the store, window by
    /// window.
    case made(MadeRecipients)

    /// A message with more recipients than this is better made than listed.
    public static let mostListed = 400

    /// At least as many as there are: one that is named twice counts once when it is written.
    public var count: Int {
        switch self {
        case .listed(let list): list.count
        case .made(let made): made.count
        }
    }
}

extension QueuedRecipients: Sequence {
    public func makeIterator() -> AnyIterator<QueuedRecipient> {
        switch self {
        case .listed(let list): AnyIterator(list.makeIterator())
        case .made(let made): made.make()
        }
    }
}

/// Recipients that are made one after the other.
public final class MadeRecipients: Sendable {
    private struct Written {
        let count: Int
        let routes: [Route]
    }

    /// At least as many as there are.
    private let mostCount: Int
    let make: @Sendable () -> AnyIterator<QueuedRecipient>
    private let written = Mutex<Written?>(nil)

    /// - Parameters:
    ///   - mostCount: how many there are at most.
    ///   - make: begins with the first; called on the writer's thread, once for each attempt to write them.
    public init(mostCount: Int, make: @escaping @Sendable () -> AnyIterator<QueuedRecipient>) {
        (self.mostCount, self.make) = (mostCount, make)
    }

    /// As many as were written, or may be.
    public var count: Int { written.withLock { $0?.count } ?? mostCount }

    /// Those that occurred, once they are written.
    var routes: [Route] { written.withLock { $0?.routes } ?? [] }

    func wrote(_ count: Int, over routes: Set<Route>) { written.withLock { $0 = Written(count: count, routes: Array(routes)) } }
}
