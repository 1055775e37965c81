import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import CoreLink

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Greeting", .timeLimit(.minutes(1)))
struct GreetingTests {
    let folder: TemporaryFolder
    let server: TestServer
    let loop: any EventLoop

    init() throws {
        folder = try TemporaryFolder()
        loop = MultiThreadedEventLoopGroup.singleton.next()
        server = TestServer(on: loop)
    }

    @Test("both ends learn who the other is: holder and revision from the hello, account and process from the kernel")
    func welcome() async throws {
        try await server.listen(at: folder.socket, access: .init(userIDs: [getuid()]), revision: "core's")
        let client = try await server.client(at: folder.socket, holder: 0xFEED, revision: "edge's")
        #expect(try await loop.run { client.value.coreRevision } == "core's")
        let events = EventReader(server.log.stream)
        #expect(try await events.next() == .opened(1, holder: 0xFEED, revision: "edge's", user: getuid(), process: getpid()))
    }

    @Test("the socket's file has the mode that was asked for, and nothing more", arguments: [0o600, 0o660] as [UInt32])
    func mode(mode: UInt32) async throws {
        try await server.listen(at: folder.socket, access: .init(userIDs: nil, mode: mode))
        let status = try TemporaryFolder.status(of: folder.socket)
        #expect(status.st_mode & 0o7777 == mode)
        #expect(status.st_mode & S_IFMT == S_IFSOCK)
    }

    @Test("an account that may not use the socket is told so, whatever it says about itself")
    func refusedAccount() async throws {
        try await server.listen(at: folder.socket, access: .init(userIDs: [getuid() + 12_345]))
        await #expect(throws: LinkError.refused("refused: account \(getuid()) may not use this socket")) {
            _ = try await server.client(at: folder.socket)
        }
        try await nobodyIsLeft()
    }

    @Test("over a socket that somebody else has made, accounts are looked at all the same; who came before the core did is served")
    func inherited() async throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(folder.socket.utf8)) }
        let isListening = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 && listen(descriptor, 8) == 0
            }
        }
        try #require(isListening)
        async let early = server.client(at: folder.socket)
        try await server.listen(at: folder.socket, access: .init(userIDs: [getuid()]), inherited: descriptor)
        let client = try await early
        #expect(try await loop.run { client.value.coreRevision } == "r1")

        let stricter = TestServer(on: loop)
        try await stricter.listen(at: folder.socket, access: .init(userIDs: [getuid() + 12_345]), inherited: dup(descriptor))
        try await server.die()
        await #expect(throws: LinkError.refused("refused: account \(getuid()) may not use this socket")) {
            _ = try await server.client(at: folder.socket)
        }
    }

    @Test("nothing is said to a listener of an account that may not listen there; one of several that may is taken")
    func impostor() async throws {
        try await server.listen(at: folder.socket)
        await #expect(throws: LinkError.impostor(userID: getuid())) {
            _ = try await server.client(at: folder.socket, listeners: [getuid() + 12_345])
        }
        let client = try await server.client(at: folder.socket, listeners: [getuid() + 12_345, getuid()])
        #expect(try await loop.run { client.value.coreRevision } == "r1")
        // The first one never said who it is.
        #expect(try await server.openCount == 1)
    }

    @Test("a peer of another role is told which role the socket has")
    func wrongRole() async throws {
        try await server.listen(at: folder.socket)
        let (path, loop) = (folder.socket, loop)
        await #expect(throws: LinkError.refused("refused: this socket is for the role edge")) {
            try await loop.flatSubmit {
                let promise = loop.makePromise(of: Void.self)
                LinkClient<ControlLink>.connect(to: .init(path: path), holder: 1, revision: "r1", on: loop) {
                    promise.completeWith($0.map { _ in }.mapError { $0 as any Error })
                }
                return promise.futureResult
            }.get()
        }
    }

    @Test("a peer of another version is told which versions do not match")
    func wrongVersionOfThePeer() async throws {
        try await server.listen(at: folder.socket)
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        peer.write(Self.hello(version: Hello.protocolVersion + 1))
        var bytes = try await peer.untilClosed()
        let (kind, body) = try #require(try Frame.next(from: &bytes))
        let greeting = try Greeting.read(kind: kind, body: body)
        #expect(
            greeting.refusal == "speaks version \(Hello.protocolVersion + 1) of the protocol, this process version \(Hello.protocolVersion)"
        )
        #expect(bytes.readableBytes == 0)
    }

    @Test("a core of another version is not used")
    func wrongVersionOfTheCore() async throws {
        var greeting = ByteBuffer()
        Frame.append(kind: Greeting.kind, to: &greeting) {
            $0.write(UInt16(9))
            $0.write("r1")
            $0.write(false)
        }
        let listener = try await ScriptedListener.listen(at: folder.socket, sends: greeting, on: loop)
        await #expect(throws: LinkError.versionMismatch(own: Hello.protocolVersion, peer: 9)) {
            _ = try await server.client(at: folder.socket)
        }
        try await listener.untilPeerIsGone()
        try await listener.close()
    }

    @Test(
        "what is no hello ends the connection, and the next peer is served",
        arguments: [
            ByteBuffer(string: "EHLO mail.example.org\r\n"), ByteBuffer(repeating: 0, count: 8), ByteBuffer(repeating: 0xFF, count: 8),
            SubmitRequest.abort.frame, hello(kind: 0xF1), hello(trailing: 1), hello(revisionOctets: 5000), hello(cut: 3),
        ])
    func garbage(bytes: ByteBuffer) async throws {
        try await server.listen(at: folder.socket)
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        peer.write(bytes)
        #expect(try await peer.untilClosed().readableBytes == 0)
        _ = try await server.client(at: folder.socket)
        let events = EventReader(server.log.stream)
        guard case .log(let line) = try await events.next() else { throw ChannelError.eof }
        #expect(line.hasPrefix("edge: connection ended before its greeting: malformed frame: "))
        guard case .opened(1, _, _, _, _) = try await events.next() else { throw ChannelError.eof }
    }

    @Test("a peer that never says hello is cut off", arguments: [ByteBuffer(), ByteBuffer(bytes: [0, 0, 0, 20, 0xF0])])
    func silentPeer(bytes: ByteBuffer) async throws {
        try await server.listen(at: folder.socket, helloDeadline: .milliseconds(20))
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        peer.write(bytes)
        #expect(try await peer.untilClosed().readableBytes == 0)
        let events = EventReader(server.log.stream)
        #expect(try await events.next() == .log("edge: connection ended before its greeting: no answer in time"))
        #expect(try await server.openCount == 0)
    }

    @Test("a core that never greets is given up, and its connection is closed")
    func silentCore() async throws {
        let listener = try await ScriptedListener.listen(at: folder.socket, sends: nil, on: loop)
        let (path, loop) = (folder.socket, loop)
        await #expect(throws: LinkError.timedOut) {
            try await loop.flatSubmit {
                let promise = loop.makePromise(of: Void.self)
                LinkClient<EdgeLink>.connect(to: .init(path: path), holder: 1, revision: "r1", deadline: .milliseconds(20), on: loop) {
                    promise.completeWith($0.map { _ in }.mapError { $0 as any Error })
                }
                return promise.futureResult
            }.get()
        }
        try await listener.untilPeerIsGone()
        try await listener.close()
    }

    @Test("where no core listens, that is what is said")
    func nobodyListens() async throws {
        await #expect {
            _ = try await server.client(at: folder.socket)
        } throws: {
            guard case .unreachable = $0 as? LinkError else { return false }
            return true
        }
    }

    @Test("connections beyond the limit are turned away, and welcome again when there is room")
    func maximumConnections() async throws {
        try await server.listen(at: folder.socket, access: .init(userIDs: nil, maximumConnections: 2))
        let first = try await server.client(at: folder.socket)
        let second = try await server.client(at: folder.socket)
        await #expect(throws: LinkError.self) { _ = try await server.client(at: folder.socket) }
        try await loop.run { first.value.connection.close() }
        let events = EventReader(server.log.stream)
        try await events.first { if case .closed(1, _) = $0 { true } else { nil } }
        _ = try await server.client(at: folder.socket)
        _ = second
    }

    @Test("a connection that is closed as it is accepted is not counted")
    func closedAtOnce() async throws {
        try await server.listen(at: folder.socket) { $0.close() }
        let peer = try await RawPeer.connect(to: folder.socket, on: loop)
        peer.write(Self.hello())
        _ = try await peer.untilClosed()
        try await nobodyIsLeft()
    }

    @Test("the file of a core that is gone does not stand in the way")
    func staleSocket() async throws {
        let abandoned = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: folder.socket.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(abandoned, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        #expect(bound == 0)
        Glibc.close(abandoned)
        try await server.listen(at: folder.socket)
        _ = try await server.client(at: folder.socket)
    }

    private func nobodyIsLeft() async throws { #expect(try await server.openCount == 0) }

    /// A hello as no honest peer says it.
    static func hello(
        kind: UInt8 = Hello.kind, version: UInt16 = Hello.protocolVersion, revisionOctets: Int = 2, trailing: Int = 0, cut: Int = 0
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        Frame.append(kind: kind, to: &buffer) {
            $0.write(version)
            $0.write(RoleName.edge.rawValue)
            $0.write(UInt64(1))
            $0.write(String(repeating: "r", count: revisionOctets))
            for _ in 0..<trailing { $0.write(UInt8(0)) }
        }
        guard cut > 0 else { return buffer }
        // The frame says the right length, its fields are cut.
        buffer.setInteger(UInt32(buffer.readableBytes - 4 - cut), at: 0)
        buffer.moveWriterIndex(to: buffer.writerIndex - cut)
        return buffer
    }
}
