import MailVocabulary
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import CoreLink

@Suite("Connections", .timeLimit(.minutes(1)))
struct LinkChannelTests {
    let folder: TemporaryFolder
    let server: TestServer
    let loop: any EventLoop

    init() throws {
        folder = try TemporaryFolder()
        loop = MultiThreadedEventLoopGroup.singleton.next()
        server = TestServer(on: loop)
    }

    @Test("frames that come in one read, with the hello, are taken in order, and answered")
    func oneRead() async throws {
        try await server.listen(at: folder.socket)
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        var bytes = GreetingTests.hello()
        var answers = Greeting(revision: "r1").frame
        for message in Samples.submitRequests {
            message.write(into: &bytes)
            switch message {
            case .begin: SubmitResponse.began(Samples.id).write(into: &answers)
            case .recipient: SubmitResponse.recipient(Reply(250, "2.1.5", "OK")).write(into: &answers)
            case .commit: SubmitResponse.committed(Reply(250, "2.0.0", "queued")).write(into: &answers)
            case .content, .abort, .refused, .report: break
            }
        }
        peer.write(bytes)
        #expect(try await peer.take(answers.readableBytes) == answers)
        let events = EventReader(server.log.stream)
        guard case .opened(1, _, _, _, _) = try await events.next() else { throw ChannelError.eof }
        for message in Samples.submitRequests { #expect(try await events.next() == .message(1, message)) }
    }

    @Test(
        "what is malformed after the greeting ends that connection, once, and no other",
        arguments: [
            (ByteBuffer(bytes: [0, 0, 0, 1, 99]), LinkError.malformed(.unknownKind(99))),
            (ByteBuffer(bytes: [0, 0, 0, 0]), .malformed(.frameLength(0))),
            (ByteBuffer(bytes: [0, 4, 0, 1]), .malformed(.frameLength(Frame.maximumLength + 1))),
            (ByteBuffer(bytes: [0, 0, 0, 2, 5, 0]), .malformed(.trailingBytes(1))),
            (ByteBuffer(bytes: [0, 0, 0, 1, 4]), .malformed(.truncated)),
            (SubmitResponse.began(Samples.id).frame, .malformed(.truncated)),
        ])
    func malformed(bytes: ByteBuffer, error: LinkError) async throws {
        try await server.listen(at: folder.socket)
        let good = try await server.client(at: folder.socket)
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        // What stands behind the malformed frame is not taken.
        var all = GreetingTests.hello()
        all.writeImmutableBuffer(bytes)
        SubmitRequest.abort.write(into: &all)
        peer.write(all)
        #expect(try await peer.untilClosed() == Greeting(revision: "r1").frame)
        try await loop.run {
            good.value.connection.send(.recipient(Samples.recipient))
            good.value.connection.flush()
        }
        let events = EventReader(server.log.stream)
        for _ in 1...2 { guard case .opened = try await events.next() else { throw ChannelError.eof } }
        #expect(try await events.next() == .closed(2, error))
        #expect(try await events.next() == .message(1, .recipient(Samples.recipient)))
        #expect(try await server.openCount == 1)
    }

    @Test("a peer that dies in the middle of a frame is told of once, and nothing of the frame takes effect")
    func deathInMidFrame() async throws {
        try await server.listen(at: folder.socket)
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        var bytes = GreetingTests.hello()
        let frame = Samples.submitRequests[0].frame
        bytes.writeImmutableBuffer(frame.getSlice(at: 0, length: frame.readableBytes - 1) ?? ByteBuffer())
        peer.write(bytes)
        let events = EventReader(server.log.stream)
        guard case .opened(1, _, _, _, _) = try await events.next() else { throw ChannelError.eof }
        peer.close()
        guard case .closed(1, _) = try await events.next() else { throw ChannelError.eof }
        #expect(try await server.openCount == 0)
    }

    @Test(
        "a handler that pauses, closes or resumes in the middle of a read gets exactly the frames that it should",
        arguments: ["pause", "close", "bounce"])
    func reentrancy(what: String) async throws {
        let seen = EventLog<UInt64>()
        try await server.listen(at: folder.socket) { connection in
            connection.onMessage = { [weak connection] message in
                guard case .commit(let number, _) = message, let connection else { return }
                seen.add(number)
                switch what {
                case "close" where number == 3: connection.close()
                case "pause":
                    connection.pauseReading()
                    connection.eventLoop.assumeIsolated().execute { connection.resumeReading() }
                case "bounce":
                    connection.pauseReading()
                    connection.resumeReading()
                default: break
                }
            }
        }
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        var bytes = GreetingTests.hello()
        for number in 1...1000 as ClosedRange<UInt64> { SubmitRequest.commit(octets: number, has8BitOctets: false).write(into: &bytes) }
        peer.write(bytes)
        let events = EventReader(seen.stream)
        if what == "close" {
            _ = try await peer.untilClosed()
            seen.add(.max)
            for number in [1, 2, 3, .max] as [UInt64] { #expect(try await events.next() == number) }
        } else {
            for number in 1...1000 as ClosedRange<UInt64> { #expect(try await events.next() == number) }
        }
    }

    @Test("a sender whose peer does not read is slowed by the socket, and all arrives when it does")
    func backPressure() async throws {
        let octets = Mutex(0)
        let begun = loop.makePromise(of: Void.self)
        let done = loop.makePromise(of: Void.self)
        try await server.listen(at: folder.socket) { connection in
            connection.onMessage = { [weak connection] message in
                switch message {
                case .begin:
                    connection?.pauseReading()
                    begun.succeed()
                case .content(let chunk): octets.withLock { $0 += chunk.readableBytes }
                case .commit: done.succeed()
                default: break
                }
            }
        }
        let client = try await server.client(at: folder.socket)
        let total = 16 << 20
        let loop = loop
        let (sentBefore, unread) = try await loop.flatSubmit {
            let promise = loop.makePromise(of: Int.self)
            let connection = client.value.connection
            var left = total
            let chunk = ByteBuffer(repeating: 0x61, count: Frame.maximumContent)
            func pump() {
                while left > 0, connection.isWritable {
                    connection.send(.content(chunk))
                    connection.flush()
                    left -= chunk.readableBytes
                }
                if left > 0 { return promise.succeed(total - left) }
                connection.send(.commit(octets: UInt64(total), has8BitOctets: false))
                connection.flush()
            }
            connection.onWritable = pump
            connection.send(Samples.submitRequests[0])
            connection.flush()
            pump()
            return promise.futureResult
        }.get().withUnread(of: server)
        #expect(sentBefore < 2 << 20)
        #expect(octets.withLock { $0 } == 0)
        #expect(unread < 1 << 20)
        // Resumed before it has paused, it would pause for good.
        try await begun.futureResult.get()
        try await server.withConnection(1) { $0.resumeReading() }
        try await done.futureResult.get()
        #expect(octets.withLock { $0 } == total)
    }

    @Test("the buffer for partial frames stays small however the reads cut a long stream")
    func partialFrames() async throws {
        let largest = Mutex(0)
        let done = loop.makePromise(of: UInt64.self)
        try await server.listen(at: folder.socket) { connection in
            var (octets, kept) = (UInt64(0), [ByteBuffer]())
            connection.onMessage = { [weak connection] message in
                switch message {
                case .content(let chunk):
                    octets += UInt64(chunk.readableBytes)
                    // As a sink keeps it until it is written.
                    kept = kept.suffix(1) + [chunk]
                    largest.withLock { $0 = max($0, connection?.unreadCapacity ?? 0) }
                case .commit: done.succeed(octets)
                default: break
                }
            }
        }
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        peer.write(GreetingTests.hello())
        let count = 150
        let frame = SubmitRequest.content(ByteBuffer(repeating: 0x61, count: 60_001)).frame
        for _ in 0..<count { peer.write(frame) }
        peer.write(SubmitRequest.commit(octets: 0, has8BitOctets: false).frame)
        #expect(try await done.futureResult.get() == UInt64(count * 60_001))
        #expect(largest.withLock { $0 } <= 1 << 20)
    }

    @Test("a peer that asks and never reads the answers is not asked for more until it does")
    func neverReadingPeer() async throws {
        let taken = Mutex(0)
        let violations = Mutex(0)
        let stalled = loop.makePromise(of: Void.self)
        try await server.listen(at: folder.socket) { connection in
            connection.onMessage = { [weak connection] message in
                guard let connection else { return }
                if !connection.isWritable { violations.withLock { $0 += 1 } }
                taken.withLock { $0 += 1 }
                connection.send(.recipient(Reply(250, "2.1.5", String(repeating: "a", count: 200))))
                connection.flush()
                if !connection.isWritable { stalled.succeed() }
            }
        }
        let peer = try await RawPeer.connect(to: folder.socket, on: loop, reads: false)
        peer.write(GreetingTests.hello())
        var request = ByteBuffer()
        for _ in 0..<1000 { SubmitRequest.recipient(Samples.recipient).write(into: &request) }
        let count = 20_000
        for _ in 0..<count / 1000 { peer.write(request) }
        try await stalled.futureResult.get()
        #expect(taken.withLock { $0 } < count / 2)
        peer.startReading()
        let answer = SubmitResponse.recipient(Reply(250, "2.1.5", String(repeating: "a", count: 200))).frame
        _ = try await peer.take(Greeting(revision: "r1").frame.readableBytes + count * answer.readableBytes)
        #expect(taken.withLock { $0 } == count)
        #expect(violations.withLock { $0 } == 0)
    }

    @Test("a message that no frame can carry ends the sender's own connection, and nothing of it is sent")
    func oversizedOwnMessage() async throws {
        try await server.listen(at: folder.socket)
        let client = try await server.client(at: folder.socket)
        let loop = loop
        let error = try await loop.flatSubmit {
            let promise = loop.makePromise(of: LinkError.self)
            let connection = client.value.connection
            connection.onClosed = { promise.succeed($0) }
            connection.send(.content(ByteBuffer(repeating: 0, count: Frame.maximumLength)))
            connection.flush()
            return promise.futureResult
        }.get()
        #expect(error == .malformed(.frameLength(Frame.maximumLength + 1)))
        let events = EventReader(server.log.stream)
        guard case .opened(1, _, _, _, _) = try await events.next() else { throw ChannelError.eof }
        guard case .closed(1, _) = try await events.next() else { throw ChannelError.eof }
    }

    @Test("a connection that has ended lets go of what its callbacks hold, and keeps no later ones")
    func releasesCallbacks() async throws {
        try await server.listen(at: folder.socket)
        let client = try await server.client(at: folder.socket)
        let kept = try await loop.run {
            final class Session {}
            let connection = client.value.connection
            var session: Session? = Session()
            weak let watched = session
            connection.onMessage = { [session] _ in _ = session }
            connection.onClosed = { [session] _ in _ = session }
            connection.close()
            connection.onWritable = { [session] in _ = session }
            connection.onMessage = { [session] _ in _ = session }
            // What is said to nobody is not gathered either.
            for _ in 0..<100 { connection.send(.content(ByteBuffer(repeating: 0, count: 1000))) }
            session = nil
            return watched != nil
        }
        #expect(!kept)
    }
}

extension Int {
    /// With what the server's first connection holds unread at this moment.
    fileprivate func withUnread(of server: TestServer) async throws -> (Int, Int) {
        (self, try await server.withConnection(1) { $0.unreadOctets })
    }
}
