import CoreLink
import CrashModel
import DurableStorage
import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import CoreService
@testable import MessageQueue

#if canImport(Glibc)
    import Glibc
#endif

/// An octet of a message changes on disk while it waits.
@Suite("Content that is damaged while it waits")
struct DamagedContentTests {
    private func withCore(_ body: (CoreUnderTest, String) async throws -> Void) async throws {
        try await CoreUnderTest.with { core, recorder in try await body(core, recorder.root) }
    }

    /// What a holder of one lease is sent.
    private struct Received {
        var work: LeasedWork?
        var octets = 0
        var end: LeaseResponse?
    }

    private func lease(_ core: CoreUnderTest) async throws -> Received {
        let (stream, responses) = AsyncStream.makeStream(of: LeaseResponse.self)
        let (path, revision) = (core.deliveryPath, core.revision)
        let made = core.loop.makePromise(of: NIOLoopBound<LinkClient<DeliveryLink>>.self)
        core.loop.execute { [loop = core.loop] in
            LinkClient<DeliveryLink>.connect(to: .init(path: path), holder: 7, revision: revision, on: loop) { result in
                guard case .success(let client) = result else { return made.fail(CoreUnderTest.Refused(reply: "\(result)")) }
                client.connection.onMessage = { responses.yield($0) }
                client.connection.onClosed = { _ in responses.finish() }
                client.connection.send(.present([]))
                client.connection.send(.lease(preferring: nil))
                client.connection.flush()
                made.succeed(NIOLoopBound(client, eventLoop: loop))
            }
        }
        let client = try await made.futureResult.get()
        var received = Received()
        for await response in stream {
            switch response {
            case .work(let work): received.work = work
            case .content(let chunk): received.octets += chunk.readableBytes
            case .contentEnded, .contentUnavailable:
                received.end = response
                core.loop.execute { client.value.connection.close() }
            default: break
            }
        }
        return received
    }

    /// Changes one bit of a file where the text stands.
    private func damage(_ path: String, at text: String) throws {
        let content = try POSIXFileSystem().open(path).readAll()
        let wanted = Array(text.utf8)
        let place = try #require(content.indices.first { content[$0...].starts(with: wanted) })
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        #expect(descriptor >= 0)
        var octet = content[place] ^ 1
        #expect(pwrite(descriptor, &octet, 1, off_t(place)) == 1)
        close(descriptor)
    }

    private func requireHeld(_ id: QueueID, _ core: CoreUnderTest, reason: String) async throws {
        var stored: StoredMessage?
        for _ in 0..<500 {
            stored = try await core.message(id)
            if stored?.recipients.first?.attempts == 1 { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        let message = try #require(stored)
        let recipient = try #require(message.recipients.first)
        #expect(MessageDamage.isReason(recipient.lastError))
        #expect(recipient.lastError?.contains(reason) == true, "\(recipient.lastError ?? "")")
        // Until it expires, not by the retry schedule.
        let expiration = RetrySchedule().expiration
        #expect(recipient.nextAttempt == message.head.receivedAt + expiration)
        #expect(try await core.run { $0.metrics.damagedMessages } == 1)
        let files = try await core.run { $0.contentFiles }
        for _ in 0..<500 where try !files.fileSystem.exists(files.asidePath(of: id)) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try files.fileSystem.exists(files.asidePath(of: id)))
        let view = QueueView(now: .now())
        let standing = view.standing(
            message: id, index: 0, connector: "far", nextHop: "", receivedAt: message.head.receivedAt, nextAttempt: recipient.nextAttempt,
            lastError: recipient.lastError)
        #expect(standing.state == .damaged)
    }

    @Test("in a file, in its last octets: the transfer is broken off before its end, and the message is held and kept")
    func inFile() async throws {
        try await withCore { core, root in
            let id = try await core.submit([UInt8](repeating: 0x61, count: 300_000) + Array("\r\nthe end\r\n".utf8))
            try damage("\(root)/content/\(id)", at: "the end")
            let received = try await lease(core)
            #expect(received.work?.message == id)
            #expect(received.octets < 300_011, "the last chunk was sent")
            #expect(received.end == .contentUnavailable)
            try await requireHeld(id, core, reason: "checksum")
        }
    }

    @Test("a file that has become shorter: nothing of it is sent, and the message is held and kept")
    func shortFile() async throws {
        try await withCore { core, root in
            let id = try await core.submit([UInt8](repeating: 0x61, count: 300_000))
            #expect(truncate("\(root)/content/\(id)", 200_000) == 0)
            let received = try await lease(core)
            #expect(received.octets == 0 && received.end == .contentUnavailable)
            try await requireHeld(id, core, reason: "has 200000 octets, and not the 300000 that came in")
        }
    }

    @Test("content that is whole is sent whole, with its end", arguments: [10, 4096, 64 * 1024, 64 * 1024 + 1, 300_000])
    func sound(size: Int) async throws {
        try await withCore { core, _ in
            let id = try await core.submit([UInt8](repeating: 0x61, count: size))
            let received = try await lease(core)
            #expect(received.work?.message == id && received.octets == size && received.end == .contentEnded)
        }
    }
}
