import MailVocabulary
import NIOCore
import NIOPosix

@testable import CoreLink

/// A core as far as the socket of delivery: says what comes in on it, and says what the test tells it to. Nothing is answered by itself.
final class ScriptedCore: Sendable {
    struct Event: Sendable, Equatable {
        enum Content: Sendable, Equatable {
            case opened
            case request(LeaseRequest)
            case closed
            /// Takes no more for now.
            case stalled(sent: Int)
        }
        /// Counted from 1, over restarts.
        let connection: Int
        let content: Content

        init(_ connection: Int, _ content: Content) { (self.connection, self.content) = (connection, content) }
    }

    private final class State {
        var server: LinkServer<DeliveryLink>?
        var connections: [Int: LinkChannel<LeaseRequest, LeaseResponse>] = [:]
        var count = 0
    }

    let loop: any EventLoop
    let log = EventLog<Event>()
    private let path: String
    private let state: NIOLoopBoundBox<State?>

    init(at path: String, on loop: any EventLoop) {
        (self.path, self.loop) = (path, loop)
        state = .makeEmptyBox(valueType: State.self, eventLoop: loop)
    }

    func listen() async throws {
        try await loop.flatSubmit { [self] in
            let state = state.value ?? State()
            self.state.value = state
            let server = LinkServer<DeliveryLink>(access: .init(userIDs: nil), revision: "r1", on: loop, log: { _ in }) {
                [log] connection, _ in
                state.count += 1
                let number = state.count
                state.connections[number] = connection
                log.add(Event(number, .opened))
                connection.onMessage = { log.add(Event(number, .request($0))) }
                connection.onClosed = { _ in
                    state.connections[number] = nil
                    log.add(Event(number, .closed))
                }
            }
            state.server = server
            return server.listen(path: path)
        }.get()
    }

    /// Nobody listens, every connection is closed.
    func die() async throws {
        try await loop.run { [state] in
            state.value?.server?.stopListening()
            for connection in state.value?.server?.openConnections ?? [] { connection.close() }
        }
    }

    func say(_ responses: LeaseResponse..., on number: Int) async throws {
        try await loop.run { [state] in
            guard let connection = state.value?.connections[number] else { throw ChannelError.eof }
            for response in responses { connection.send(response) }
            connection.flush()
        }
    }

    func close(_ number: Int) async throws { try await loop.run { [state] in state.value?.connections[number]?.close() } }

    /// Sends content as fast as the holder takes it, a chunk again and again, then its end.
    func stream(_ chunk: ByteBuffer, times: Int, on number: Int) async throws {
        try await loop.run { [state, log] in
            guard let connection = state.value?.connections[number] else { throw ChannelError.eof }
            var sent = 0
            func pump() {
                while sent < times, connection.isWritable {
                    connection.send(.content(chunk))
                    connection.flush()
                    sent += 1
                }
                if sent < times { return log.add(Event(number, .stalled(sent: sent * chunk.readableBytes))) }
                connection.send(.contentEnded)
                connection.flush()
                connection.onWritable = {}
            }
            connection.onWritable = pump
            pump()
        }
    }
}

extension EventReader where Event == ScriptedCore.Event {
    /// The next request of any connection, passing over openings, ends and stalls.
    func request() async throws -> (connection: Int, request: LeaseRequest) {
        try await first { if case .request(let request) = $0.content { ($0.connection, request) } else { nil } }
    }

    /// The next request is this one.
    ///
    /// - Returns: the connection that it came on.
    func expect(_ expected: LeaseRequest) async throws -> Int {
        let (connection, request) = try await request()
        guard request == expected else { throw Unexpected(request: request) }
        return connection
    }

    func closed(_ number: Int) async throws {
        try await first { $0 == ScriptedCore.Event(number, .closed) ? true : nil }
    }
}

struct Unexpected: Error { let request: LeaseRequest }
