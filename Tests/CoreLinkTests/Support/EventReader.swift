/// What happens on an event loop, as a test's own task waits for it, in order.
final class EventReader<Event: Sendable> {
    private var iterator: AsyncStream<Event>.Iterator

    init(_ stream: AsyncStream<Event>) { iterator = stream.makeAsyncIterator() }

    func next() async throws -> Event {
        guard let event = await iterator.next() else { throw NoMoreEvents() }
        return event
    }

    /// The first event that `match` makes something of; what comes before it is passed over.
    @discardableResult
    func first<Found>(_ match: (Event) throws -> Found?) async throws -> Found {
        while true {
            if let found = try match(try await next()) { return found }
        }
    }

    struct NoMoreEvents: Error {}
}

/// The writing end.
struct EventLog<Event: Sendable>: Sendable {
    let stream: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func add(_ event: Event) { continuation.yield(event) }
}
