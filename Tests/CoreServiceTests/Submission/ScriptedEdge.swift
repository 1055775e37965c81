import CoreLink
import MailVocabulary
import NIOCore

@testable import CoreService

/// An edge's connection that says what a test wants, and hands out the answers one by one.
final class ScriptedEdge: Sendable {
    private final class Parts {
        var client: LinkClient<EdgeLink>?
        var continuation: AsyncStream<SubmitResponse>.Continuation?
    }

    private let loop: any EventLoop
    private let parts: NIOLoopBound<Parts>
    private let answers: AsyncStream<SubmitResponse>

    /// - Throws: where the core does not answer.
    init(_ core: CoreUnderTest) async throws {
        loop = core.loop
        let connected = loop.makePromise(of: Void.self)
        let (answers, continuation) = AsyncStream.makeStream(of: SubmitResponse.self)
        let (path, revision) = (core.edgePath, core.revision)
        self.answers = answers
        parts = try await loop.submit { [loop] in
            let parts = Parts()
            parts.continuation = continuation
            LinkClient<EdgeLink>.connect(to: .init(path: path), holder: 1, revision: revision, on: loop) { result in
                switch result {
                case .failure(let error): connected.fail(CoreUnderTest.Refused(reply: "\(error)"))
                case .success(let client):
                    client.connection.onMessage = { parts.continuation?.yield($0) }
                    client.connection.onClosed = { _ in parts.continuation?.finish() }
                    parts.client = client
                    connected.succeed()
                }
            }
            return NIOLoopBound(parts, eventLoop: loop)
        }.get()
        try await connected.futureResult.get()
    }

    func say(_ requests: SubmitRequest...) async throws {
        try await loop.submit { [parts] in
            for request in requests { parts.value.client?.connection.send(request) }
            parts.value.client?.connection.flush()
        }.get()
    }

    /// The next reply, but for that to `begin`; nil: the core closed the connection.
    func reply() async -> String? {
        for await answer in answers {
            switch answer {
            case .began, .mechanismsOff: continue
            case .recipient(let reply), .committed(let reply): return "\(reply)"
            }
        }
        return nil
    }

    func close() async throws { try await loop.submit { [parts] in parts.value.client?.connection.close() }.get() }

    static func begin(_ client: String = "192.0.2.1", size: Int? = nil) -> SubmitRequest {
        .begin(
            SessionFacts(virtualServer: "internet", clientAddress: IPAddress(parsing: client)!),
            EnvelopeSender(reversePath: .null, declaredSize: size))
    }

    static func recipient(_ text: String) -> SubmitRequest { .recipient(EnvelopeRecipient(address: EmailAddress(parsing: text)!)) }
}
