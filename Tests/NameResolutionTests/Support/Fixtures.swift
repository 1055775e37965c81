import MailVocabulary
import NIOCore
import NIOPosix

@testable import NameResolution

/// A seeded generator (SplitMix64): a failure names its seed and can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

struct NotATestValue: Error {}

func domain(_ text: String) throws -> DomainName {
    guard let name = DomainName(parsing: text) else { throw NotATestValue() }
    return name
}

func address(_ text: String) throws -> IPAddress {
    guard let address = IPAddress(parsing: text) else { throw NotATestValue() }
    return address
}

/// A name in wire format.
func wire(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
}

func mx(_ preference: UInt16, _ name: String) -> [UInt8] {
    [UInt8(preference >> 8), UInt8(preference & 0xFF)] + wire(name)
}

/// An event loop for tests that only wait for futures.
var testLoop: any EventLoop { MultiThreadedEventLoopGroup.singleton.any() }

func settings(
    port: UInt16, deadline: Duration = .seconds(30), hostsFile: String? = nil, validation: ResolverSettings.Validation = .off,
    maximumOutstanding: Int = 10_000
) -> ResolverSettings {
    ResolverSettings(
        servers: [.init(address: IPAddress(ipv4: 0x7F00_0001), port: port)], hostsFile: hostsFile, validation: validation,
        deadline: deadline, maximumOutstanding: maximumOutstanding)
}

/// Runs `body` with a resolver that asks only a server with these records, and ends both.
func withDNS(
    _ records: [String], forwards: [(zone: String, port: UInt16)] = [], configuration: [String] = [],
    hostsFile: String? = nil, validation: ResolverSettings.Validation = .off,
    _ body: (DNSResolver) async throws -> Void
) async throws {
    let server = try LocalDNSServer(records: records, forwards: forwards, configuration: configuration)
    defer { server.stop() }
    let resolver = try DNSResolver(settings: settings(port: server.port, hostsFile: hostsFile, validation: validation))
    do {
        try await body(resolver)
    } catch {
        try await resolver.shutDown(on: testLoop).get()
        throw error
    }
    try await resolver.shutDown(on: testLoop).get()
}
