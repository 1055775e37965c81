import MailVocabulary
import NIOCore
import NIOPosix

@testable import CoreLink

/// A core as far as the socket of the edge: says what happens on it, and does what the test tells it.
///
/// Unless told otherwise it answers `begin` with an id, each recipient and each commit with 250.
final class TestServer: Sendable {
    enum Event: Sendable, Equatable {
        case opened(Int, holder: UInt64, revision: String, user: UInt32, process: Int32)
        case message(Int, SubmitRequest)
        case closed(Int, LinkError)
        case log(String)
    }

    typealias Connection = LinkChannel<SubmitRequest, SubmitResponse>

    private final class State {
        var server: LinkServer<EdgeLink>?
        var connections: [Int: Connection] = [:]
        var count = 0
    }

    let loop: any EventLoop
    let log = EventLog<Event>()
    private let state: NIOLoopBoundBox<State?>

    init(on loop: any EventLoop) {
        self.loop = loop
        state = .makeEmptyBox(valueType: State.self, eventLoop: loop)
    }

    /// - Parameters:
    ///   - inherited: a socket that somebody else has made at `path`.
    ///   - onAccept: sets the connection up in another way than described above.
    func listen(
        at path: String, access: LinkServer<EdgeLink>.Access = .init(userIDs: nil), revision: String = "r1",
        helloDeadline: TimeAmount = .seconds(5), inherited: Int32? = nil, configuration: ConfigurationAnswer? = nil,
        onAccept: (@Sendable (Connection) -> Void)? = nil
    ) async throws {
        try await loop.flatSubmit { [self] in
            let state = state.value ?? State()
            self.state.value = state
            let server = LinkServer<EdgeLink>(access: access, revision: revision, on: loop, log: { [log] in log.add(.log($0)) }) {
                [self] connection, peer in
                state.count += 1
                let number = state.count
                state.connections[number] = connection
                log.add(.opened(number, holder: peer.holder, revision: peer.revision, user: peer.userID, process: peer.processID))
                connection.onClosed = { [log] in
                    state.connections[number] = nil
                    log.add(.closed(number, $0))
                }
                if let onAccept { return onAccept(connection) }
                connection.onMessage = { [log, weak connection] message in
                    log.add(.message(number, message))
                    switch message {
                    case .begin: connection?.send(.began(Samples.id))
                    case .recipient: connection?.send(.recipient(Reply(250, "2.1.5", "OK")))
                    case .commit: connection?.send(.committed(Reply(250, "2.0.0", "queued")))
                    case .content, .abort, .refused, .report: break
                    }
                }
            }
            (server.helloDeadline, server.configuration) = (helloDeadline, configuration)
            state.server = server
            return inherited.map { server.listen(inherited: $0) } ?? server.listen(path: path)
        }.get()
    }

    func withConnection<Value: Sendable>(_ number: Int, _ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await loop.run { [state] in
            guard let connection = state.value?.connections[number] else { throw ChannelError.eof }
            return try body(connection)
        }
    }

    /// How many connections the server counts.
    var openCount: Int {
        get async throws { try await loop.run { [state] in state.value?.server?.openConnections.count ?? 0 } }
    }

    /// As when the process dies: nobody listens, and every connection is closed.
    func die() async throws {
        try await loop.run { [state] in
            state.value?.server?.stopListening()
            for connection in state.value?.server?.openConnections ?? [] { connection.close() }
        }
    }
}

extension TestServer {
    /// A client of its own, on the same loop.
    func client(
        at path: String, holder: UInt64 = 7, revision: String = "r1", listeners: Set<UInt32>? = nil
    ) async throws -> NIOLoopBound<LinkClient<EdgeLink>> {
        let loop = loop
        return try await loop.flatSubmit {
            let promise = loop.makePromise(of: NIOLoopBound<LinkClient<EdgeLink>>.self)
            LinkClient<EdgeLink>.connect(to: .init(path: path, listeners: listeners), holder: holder, revision: revision, on: loop) {
                promise.completeWith($0.map { NIOLoopBound($0, eventLoop: loop) }.mapError { $0 as any Error })
            }
            return promise.futureResult
        }.get()
    }
}
