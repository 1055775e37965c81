import MailVocabulary
import NIOCore
import NIOPosix
import SMTPProtocol

@testable import SMTPClient

/// The loops of all tests: one for clients, several for servers, so that a busy server does not slow down another test's.
enum Loops {
    static let client: any EventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
    static var server: any EventLoop { servers.next() }
    private static let servers = MultiThreadedEventLoopGroup(numberOfThreads: 8)
}

let loopback = IPAddress(ipv4: 0x7F00_0001)

func testSettings(dialect: ClientSettings.Dialect = .smtp, idle: Duration = .seconds(20)) -> SMTPClientSettings {
    SMTPClientSettings(
        ourName: .name(DomainName(parsing: "us.example")!), dialect: dialect, timeouts: SMTPClientTimeouts(idle: idle))
}

func connect(
    _ server: TestServer, from source: SourceAddresses = .any, _ settings: SMTPClientSettings = testSettings()
) async throws -> SMTPClientConnection {
    try await SMTPClientConnection.connect(to: .tcp(loopback, port: server.port), from: source, settings: settings, on: Loops.client)
        .get()
}

func outgoing(_ recipients: [String] = ["a@x.example"], size: Int, eightBit: Bool = false) -> OutgoingMessage {
    OutgoingMessage(
        sender: EnvelopeSender(reversePath: .address(EmailAddress(parsing: "from@us.example")!)),
        recipients: recipients.map { EnvelopeRecipient(address: EmailAddress(parsing: $0)!) }, size: size, has8BitContent: eightBit)
}

extension SMTPClientConnection {
    /// For tests, which are not on the event loop.
    func deliverFromAfar(_ message: OutgoingMessage, content: @escaping @Sendable () -> OutgoingContent) async throws -> DeliveryResult {
        try await eventLoop.flatSubmit { self.deliver(message, content: content()) }.get()
    }

    func deliverFromAfar(_ content: ByteBuffer, to recipients: [String] = ["a@x.example"]) async throws -> DeliveryResult {
        try await deliverFromAfar(outgoing(recipients, size: content.readableBytes)) { .buffer(content) }
    }

    func quitFromAfar() async throws {
        try await eventLoop.submit { self.quit() }.get()
        try await closeFuture.get()
    }

    func isReusableFromAfar() async throws -> Bool { try await eventLoop.submit { self.isReusable }.get() }
}

/// Gives chunks that a function makes, at once or a turn of the loop later.
final class MadeContent: ContentSource {
    private let make: (Int) throws -> ByteBuffer?
    private let isImmediate: Bool
    private(set) var asked = 0

    init(isImmediate: Bool = true, _ make: @escaping (Int) throws -> ByteBuffer?) { (self.isImmediate, self.make) = (isImmediate, make) }

    func nextChunk() -> EventLoopFuture<ByteBuffer?> {
        let loop = Loops.client
        do {
            let chunk = try make(asked)
            asked += 1
            if isImmediate { return loop.makeSucceededFuture(chunk) }
            return loop.submit { chunk }
        } catch {
            return loop.makeFailedFuture(error)
        }
    }
}

/// Lines with leading dots and full lines, `size` octets in all, ending in CRLF.
func sampleContent(size: Int) -> ByteBuffer {
    let line = ByteBuffer(string: ".a line that begins with a dot. And has others. " + String(repeating: "x", count: 948) + "\r\n")
    var content = ByteBuffer()
    while content.readableBytes + line.readableBytes <= size - 2 { content.writeImmutableBuffer(line) }
    content.writeString(String(repeating: "y", count: size - 2 - content.readableBytes) + "\r\n")
    return content
}
