import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import NameResolution

/// Name servers that do not answer, or answer nonsense: no unbound needed.
struct DNSResolverWithoutAnswersTests {
    @Test("a lookup ends at its deadline, and one beyond the bound at once")
    func deadlineAndBound() async throws {
        let silent = try LoopbackSocket()
        let resolver = try DNSResolver(settings: settings(port: silent.port, deadline: .milliseconds(400), maximumOutstanding: 3))
        let start = NIODeadline.now()
        let lookups = try (0..<3).map { try resolver.mailExchangers(of: domain("d\($0).example"), on: testLoop) }
        // The times are taken where the answers come, not where the test, among many others, gets its turn.
        let answered = lookups.map { lookup in lookup.map { (answer: $0, after: NIODeadline.now() - start) } }
        let (fourth, fifth) = (try domain("d4.example"), try domain("d5.example"))
        let refused = resolver.mailExchangers(of: fourth, on: testLoop)
        // libunbound still works on them when they are over: they count, so that a dead name server cannot fill the memory.
        let stillRefused = lookups[2].flatMap { _ in resolver.mailExchangers(of: fifth, on: testLoop) }
        #expect(try await refused.get() == .transientFailure(.tooManyLookups(limit: 3)))
        for lookup in answered {
            let (answer, elapsed) = try await lookup.get()
            #expect(answer == .transientFailure(.timeout))
            #expect(elapsed >= .milliseconds(390) && elapsed < .seconds(5), "\(elapsed)")
        }
        #expect(try await stillRefused.get() == .transientFailure(.tooManyLookups(limit: 3)))
        try await resolver.shutDown(on: testLoop).get()
    }

    @Test("shutting down ends what is under way at once, and everything after it")
    func shutDown() async throws {
        let silent = try LoopbackSocket()
        let resolver = try DNSResolver(settings: settings(port: silent.port))
        let lookups = try (0..<200).map { try resolver.mailExchangers(of: domain("d\($0).example"), on: testLoop) }
        try await resolver.shutDown(on: testLoop).get()
        for lookup in lookups { #expect(try await lookup.get() == .transientFailure(.shutDown)) }
        #expect(try await resolver.mailExchangers(of: domain("late.example"), on: testLoop).get() == .transientFailure(.shutDown))
        try await resolver.shutDown(on: testLoop).get()
    }

    @Test("letting a resolver go ends its lookups too")
    func deinitialisation() async throws {
        let silent = try LoopbackSocket()
        var resolver: DNSResolver? = try DNSResolver(settings: settings(port: silent.port))
        let lookup = try #require(resolver).lookUp("example", .a, on: testLoop)
        resolver = nil
        #expect(try await lookup.get() == .failure(.shutDown))
    }

    @Test(
        "names that libunbound cannot take are a failure, not a crash",
        arguments: ["", "a..b", String(repeating: "a", count: 64), String(repeating: "a.", count: 200), "\\300.example"])
    func impossibleNames(_ name: String) async throws {
        let silent = try LoopbackSocket()
        let resolver = try DNSResolver(settings: settings(port: silent.port, deadline: .milliseconds(300)))
        guard case .failure = try await resolver.lookUp(name, .a, on: testLoop).get() else { throw NotATestValue() }
        try await resolver.shutDown(on: testLoop).get()
    }

    @Test("settings that cannot be used are refused with the reason")
    func badSettings() throws {
        #expect(throws: ResolverError.self) { try DNSResolver(settings: ResolverSettings(hostsFile: "/nonexistent/hosts")) }
        #expect(throws: ResolverError.self) {
            try DNSResolver(settings: ResolverSettings(validation: .trustAnchor(file: "/nonexistent/root.key")))
        }
    }

    @Test(
        "answers of the wrong size, with pointers that go in circles, or of random bytes are transient failures",
        arguments: Nonsense.allCases)
    func nonsense(_ kind: Nonsense) async throws {
        let server = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(NonsenseServer(kind)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = UInt16(clamping: try #require(server.localAddress?.port))
        let resolver = try DNSResolver(settings: settings(port: port, deadline: .milliseconds(500)))
        let lookup = try await resolver.mailExchangers(of: domain("example"), on: testLoop).get()
        guard case .transientFailure = lookup else {
            Issue.record("\(kind): \(lookup)")
            return
        }
        try await resolver.shutDown(on: testLoop).get()
        try await server.close()
    }
}

enum Nonsense: CaseIterable, Sendable {
    case randomBytes, headerOnly, echo, otherQuestion, rdataBeyondEnd, rdataTooShort, nameBeyondRdata, pointerToItself, tooManyRecords
}

/// Answers every datagram with one kind of nonsense.
private final class NonsenseServer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let kind: Nonsense
    private var generator = SeededGenerator(seed: 7)

    init(_ kind: Nonsense) { self.kind = kind }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let query = Array(envelope.data.readableBytesView)
        let answer = ByteBuffer(bytes: answer(to: query))
        context.writeAndFlush(wrapOutboundOut(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer)), promise: nil)
    }

    private func answer(to query: [UInt8]) -> [UInt8] {
        // The question follows the header of 12 octets and ends with root, type and class; what follows is EDNS.
        guard query.count > 17, let end = query[12...].firstIndex(of: 0), query.count >= end + 5 else { return [] }
        let question = Array(query[12..<end + 5])
        func message(records: UInt8 = 1, _ question: [UInt8], _ rdataLength: UInt8, _ rdata: [UInt8]) -> [UInt8] {
            Array(query[..<2]) + [0x81, 0x80, 0, 1, 0, records, 0, 0, 0, 0] + question
                + [0xC0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, rdataLength] + rdata
        }
        switch kind {
        case .randomBytes:
            return Array(query[..<2])
                + (0..<Int.random(in: 0...200, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        case .headerOnly: return Array(query[..<2]) + [0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0]
        case .echo: return query
        case .otherQuestion: return message([1, 0x78, 0, 0, 15, 0, 1], 5, [0, 10, 1, 0x61, 0])
        case .rdataBeyondEnd: return message(question, 200, [0, 10, 1, 0x61, 0])
        case .rdataTooShort: return message(question, 1, [0])
        case .nameBeyondRdata: return message(question, 4, [0, 10, 60, 0x61])
        case .pointerToItself:
            let position = UInt8(12 + question.count + 12 + 2)
            return message(question, 4, [0, 10, 0xC0, position])
        case .tooManyRecords: return message(records: 255, question, 5, [0, 10, 1, 0x61, 0])
        }
    }
}
