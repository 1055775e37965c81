import DequeModule
import MailVocabulary
import NIOCore

/// Next hops of messages with very many recipients: each may have more in the store.
struct RoutesToLookAt {
    private var line: Deque<Route> = []
    private var standing: Set<Route> = []
    var isScheduled = false

    var isEmpty: Bool { line.isEmpty }
    var count: Int { line.count }

    /// One that stands in line already is looked at once.
    mutating func add(_ route: Route) {
        if standing.insert(route).inserted { line.append(route) }
    }

    mutating func next() -> Route? {
        guard let route = line.popFirst() else { return nil }
        standing.remove(route)
        return route
    }

    mutating func removeAll() { (line, standing) = ([], []) }
}

extension MessageQueue {
    /// Looked at in one turn of the event loop, each with a read of the store behind it.
    private static let routesInOneTurn = 20
    /// Between two turns: a task that follows at once would be run before anything that waits in a socket.
    private static let pauseBetweenTurns = Duration.milliseconds(1)

    /// A message that has just become durable. One with very many recipients is in the store alone, and its next hops are looked at a few at a
    /// time: 10,000 of them at once would stop everybody else.
    func add(_ message: QueuedMessage) {
        scheduler.add(message)
        guard case .made(let made) = message.recipients else { return }
        for route in made.routes { routesToLookAt.add(route) }
        // More than have room in memory: the store's own list of hops is gone through, page by page.
        if routesToLookAt.count > scheduler.bounds.hops {
            routesToLookAt.removeAll()
            scheduler.hasHopsBeyondMemory = true
        }
        if !routesToLookAt.isScheduled { lookAtRoutes() }
    }

    private func lookAtRoutes() {
        for _ in 0..<Self.routesInOneTurn {
            guard let route = routesToLookAt.next() else { break }
            scheduler.mayHaveMore(route)
        }
        routesToLookAt.isScheduled = !routesToLookAt.isEmpty
        guard routesToLookAt.isScheduled else { return }
        after(Self.pauseBetweenTurns) { [weak self] in
            self?.lookAtRoutes()
            self?.dispatch()
        }
    }
}
