import CoreLink
import MailVocabulary
import NIOCore

/// A holder's end of one connection, scripted.
final class ScriptedHolder: Sendable {
    private struct Parts {
        let client: LinkClient<DeliveryLink>
    }
    private let parts: NIOLoopBound<Parts>
    private let stream: AsyncStream<LeaseResponse>

    init(_ core: CoreUnderTest, holder: UInt64) async throws {
        let made = core.loop.makePromise(of: NIOLoopBound<Parts>.self)
        let (stream, responses) = AsyncStream.makeStream(of: LeaseResponse.self)
        self.stream = stream
        let (path, revision) = (core.deliveryPath, core.revision)
        core.loop.execute { [loop = core.loop] in
            LinkClient<DeliveryLink>.connect(to: .init(path: path), holder: holder, revision: revision, on: loop) { result in
                guard case .success(let client) = result else { return made.fail(CoreUnderTest.Refused(reply: "\(result)")) }
                client.connection.onMessage = { responses.yield($0) }
                client.connection.onClosed = { _ in responses.finish() }
                made.succeed(NIOLoopBound(Parts(client: client), eventLoop: loop))
            }
        }
        parts = try await made.futureResult.get()
    }

    func say(_ requests: LeaseRequest...) {
        parts.eventLoop.execute { [parts] in
            for request in requests { parts.value.client.connection.send(request) }
            parts.value.client.connection.flush()
        }
    }

    /// The next work; nil where the core closes the connection instead.
    func work() async -> LeasedWork? {
        for await response in stream {
            if case .work(let work) = response { return work }
        }
        return nil
    }

    /// Waits for the answer to `present`; nil where the core closes the connection instead.
    func confirmed() async -> [LeaseID]? {
        for await response in stream {
            if case .confirmed(let leases) = response { return leases }
        }
        return nil
    }

    /// Waits for the answer to an outcome; nil where the core closes the connection instead.
    func recorded() async -> LeaseID? {
        for await response in stream {
            if case .recorded(let lease) = response { return lease }
        }
        return nil
    }

    func untilClosed() async { for await _ in stream {} }
}
