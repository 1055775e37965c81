import NIOCore
import NIOPosix
import Testing

@testable import CoreLink

#if canImport(Glibc)
    import Glibc
#endif

@Suite("A daemon asks for the configuration that the core runs with", .timeLimit(.minutes(1)))
struct ConfigurationQuestionTests {
    let folder: TemporaryFolder
    let server: TestServer

    init() throws {
        folder = try TemporaryFolder()
        server = TestServer(on: MultiThreadedEventLoopGroup.singleton.next())
    }

    private func ask(
        as role: RoleName = .edge, listeners: Set<UInt32>? = nil, within deadline: Duration = .seconds(30)
    ) async -> Result<[UInt8], LinkError> {
        let address = LinkAddress(path: folder.socket, listeners: listeners)
        return await withCheckedContinuation { continuation in
            Thread.start {
                do throws(LinkError) {
                    continuation.resume(returning: .success(try ConfigurationRequest.text(at: address, as: role, within: deadline)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
    }

    @Test(
        "it gets every octet of the text, however long that may be",
        arguments: [0, 1, Frame.maximumContent, Frame.maximumContent + 1, ConfigurationRequest.maximumOctets])
    func text(octets: Int) async throws {
        let text = String(repeating: "é", count: octets / 2) + String(repeating: "x", count: octets % 2)
        try await server.listen(at: folder.socket, configuration: ConfigurationAnswer(text: text))
        #expect(try await ask().get() == Array(text.utf8))
        // Others are served as before.
        _ = try await server.client(at: folder.socket)
    }

    @Test("an account that may not use the socket is told nothing; another role and a socket without an answer neither")
    func refused() async throws {
        try await server.listen(
            at: folder.socket, access: .init(userIDs: [getuid() + 12_345]), configuration: ConfigurationAnswer(text: "x"))
        #expect(await ask() == .failure(.refused("refused: account \(getuid()) may not use this socket")))
        try await server.die()
        try await server.listen(at: folder.socket, configuration: ConfigurationAnswer(text: "x"))
        #expect(await ask(as: .mailbox) == .failure(.refused("refused: this socket is for the role edge")))
        try await server.die()
        try await server.listen(at: folder.socket)
        #expect(await ask() == .failure(.refused("refused: this socket tells no configuration")))
    }

    @Test("nobody is asked who may not listen there; where nobody listens, and where nobody answers, it is said")
    func nobody() async throws {
        #expect(await ask() == .failure(.unreachable("No such file or directory")))
        let silent = try SilentListener(at: folder.socket)
        #expect(await ask(listeners: [getuid() + 12_345]) == .failure(.impostor(userID: getuid())))
        #expect(await ask(within: .milliseconds(50)) == .failure(.timedOut))
        silent.end()
    }

    @Test("an answer that is longer than a file may be, or not as long as it says, is refused")
    func lies() async throws {
        for (head, pieces, expected) in [
            (ConfigurationRequest.maximumOctets + 1, [1], LinkError.malformed(.frameLength(ConfigurationRequest.maximumOctets + 1))),
            (3, [2, 2], .malformed(.invalid("piece of a configuration"))), (3, [2, 0], .malformed(.invalid("piece of a configuration"))),
        ] {
            let silent = try SilentListener(at: folder.socket)
            var answer = ByteBuffer()
            ConfigurationHead(octets: head).write(into: &answer)
            for octets in pieces { ConfigurationPiece(octets: ByteBuffer(repeating: 0x61, count: octets)).write(into: &answer) }
            silent.answer(Array(answer.readableBytesView))
            #expect(await ask() == .failure(expected))
            silent.end()
        }
    }
}

/// A thread of its own for what blocks.
private enum Thread {
    private final class Work {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    static func start(_ work: @escaping () -> Void) {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(Work(work)).toOpaque())
        precondition(code == 0)
        pthread_detach(thread)
    }
}

/// Listens, and says what it is told to, if anything.
private final class SilentListener {
    private let path: String
    private let descriptor: Int32

    init(at path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let isListening = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 && listen(descriptor, 8) == 0
            }
        }
        try #require(isListening)
    }

    func answer(_ octets: [UInt8]) {
        let descriptor = descriptor
        Thread.start {
            let peer = accept(descriptor, nil, nil)
            _ = write(peer, octets, octets.count)
            var rest: UInt8 = 0
            while read(peer, &rest, 1) > 0 {}
            close(peer)
        }
    }

    func end() {
        close(descriptor)
        unlink(path)
    }
}
