import NIOCore

/// One address of a host, and how it is talked to.
public struct HostAddress: Sendable {
    public let endpoint: SMTPClientEndpoint
    public let settings: SMTPClientSettings

    public init(endpoint: SMTPClientEndpoint, settings: SMTPClientSettings) { (self.endpoint, self.settings) = (endpoint, settings) }
}

/// What came of an attempt to reach one host by its addresses. Places are those of the list that was given.
public struct HostContact: Sendable {
    /// The address that was connected to first; where none was, the last that failed.
    public let place: Int
    /// Those that had a head start, and had not answered by then.
    public let slower: [Int]
    /// Those that failed, the one at `place` not counted.
    public let failed: [Int]
    /// A connection that is ready for a transaction, or why there is none. Where `place` was connected to, it is the dialogue that failed.
    public let result: Result<SMTPClientConnection, SMTPConnectFailure>
}

extension SMTPClientConnection {
    /// Reaches one host by the first of its addresses that answers (RFC 8305 §5): each is tried a moment after the one before it, and at
    /// once where all before it have failed. An address that swallows packets costs that moment, and not a timeout.
    ///
    /// Called on `eventLoop`.
    ///
    /// - Parameter addresses: at least one, in the order in which they are tried; families that take turns make the best of it.
    /// - Returns: a future of `eventLoop` that does not fail.
    public static func connect(
        toFirstOf addresses: [HostAddress], from source: SourceAddresses = .any, on eventLoop: any EventLoop
    ) -> EventLoopFuture<HostContact> {
        precondition(!addresses.isEmpty, "a host has an address")
        let connectors = addresses.map {
            SMTPConnector(endpoint: $0.endpoint, source: source, settings: $0.settings, eventLoop: eventLoop)
        }
        return ConnectionRace(connectors, on: eventLoop).run()
    }
}

/// The attempts to connect to the addresses of one host. Confined to its event loop.
private final class ConnectionRace {
    /// How long one address is given before the next is tried beside it (RFC 8305 §5, Connection Attempt Delay).
    static let delay = TimeAmount.milliseconds(250)

    private let connectors: [SMTPConnector]
    private let eventLoop: any EventLoop
    private let promise: EventLoopPromise<HostContact>
    private var next = 0
    private var opening: [Int: SMTPConnector.Opening] = [:]
    private var failed: [Int] = []
    private var timer: Scheduled<Void>?
    private var isOver = false

    init(_ connectors: [SMTPConnector], on eventLoop: any EventLoop) {
        (self.connectors, self.eventLoop) = (connectors, eventLoop)
        promise = eventLoop.makePromise()
    }

    func run() -> EventLoopFuture<HostContact> {
        beginNext()
        return promise.futureResult
    }

    private func beginNext() {
        timer?.cancel()
        timer = nil
        guard !isOver, next < connectors.count else { return }
        let place = next
        next += 1
        let attempt = connectors[place].open()
        opening[place] = attempt
        if next < connectors.count { timer = eventLoop.assumeIsolated().scheduleTask(in: Self.delay) { [self] in beginNext() } }
        attempt.connected.assumeIsolated().whenComplete { [self] in ended(place, $0) }
    }

    private func ended(_ place: Int, _ result: Result<SMTPClientConnection, any Error>) {
        // One that lost the race.
        guard !isOver, opening.removeValue(forKey: place) != nil else { return }
        switch result {
        case .success(let connection): won(place, connection)
        case .failure(let error):
            if next < connectors.count {
                failed.append(place)
                // Nobody waits for the moment that is left.
                if opening.isEmpty { beginNext() }
            } else if opening.isEmpty {
                finish(HostContact(place: place, slower: [], failed: failed, result: .failure(Self.failure(error))))
            } else {
                failed.append(place)
            }
        }
    }

    private func won(_ place: Int, _ connection: SMTPClientConnection) {
        let slower = opening.keys.filter { $0 < place }.sorted()
        let others = opening.values
        opening = [:]
        isOver = true
        timer?.cancel()
        for other in others { other.cancel() }
        connection.ready.assumeIsolated().whenComplete { [self] ready in
            promise.succeed(
                HostContact(
                    place: place, slower: slower, failed: failed, result: ready.map { connection }.mapError(Self.failure)))
        }
    }

    private func finish(_ contact: HostContact) {
        isOver = true
        timer?.cancel()
        promise.succeed(contact)
    }

    private static func failure(_ error: any Error) -> SMTPConnectFailure { error as? SMTPConnectFailure ?? .local("\(error)") }
}
