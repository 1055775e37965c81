import MailVocabulary
import NIOCore
import Testing

@testable import NameResolution

/// A name server of which one zone never answers, as that of a slow or hostile network.
@Suite("Kind: name servers that do not answer keep only their own look-ups waiting")
struct SlowZonesTests {
    @Test("1,500 look-ups in zones that never answer do not stop those that are answered", .timeLimit(.minutes(2)))
    func slowZones() async throws {
        let silent = try LoopbackSocket()
        let server = try LocalDNSServer(
            records: ["9.0.0.127.in-addr.arpa. PTR fast.example.", "fast.example. A 127.0.0.9"],
            forwards: [("10.in-addr.arpa", silent.port)], configuration: ["num-queries-per-thread: 4096", "outgoing-range: 4096"])
        defer { server.stop() }
        let resolver = try DNSResolver(settings: settings(port: server.port, deadline: .seconds(30)))
        let slow = (0..<1500).map { resolver.hostNames(of: IPAddress(ipv4: 0x0A00_0000 + UInt32($0 * 256)), on: testLoop) }
        // A name that no cache has.
        let result = ReverseDNS(resolver: resolver).verify(IPAddress(ipv4: 0x7F00_0009), within: .seconds(30), on: testLoop)
        #expect(try await result.get() == .pass(domain("fast.example")))
        // The answer came while the others were waiting.
        try await resolver.shutDown(on: testLoop).get()
        var ended = 0
        for lookup in slow { if try await lookup.get() == .transientFailure(.shutDown) { ended += 1 } }
        #expect(ended > 1000, "\(ended) were still waiting")
    }
}
