import MailVocabulary
import NIOCore
import NIOPosix
import NameResolution
import Testing
import Topology

@testable import FrontEnd

@Suite("Kind: no client network empties the reverse DNS look-ups that all share")
struct ReverseLookupsTests {
    @Test("a network has its share, whose client leaves makes room, and where all is taken the slowest gives way")
    func share() async throws {
        // Nobody listens there: nothing is answered while the test runs.
        let server = ResolverSettings.Server(address: IPAddress(ipv4: 0x7F00_0001), port: 9)
        let resolver = try DNSResolver(settings: ResolverSettings(servers: [server], deadline: .seconds(600)))
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        try await eventLoop.submit {
            let pool = ReverseLookups.pool(budgets: BudgetSettings(share: 10))
            let lookups = ReverseLookups(resolver, in: pool, on: eventLoop)
            var refused = 0
            let attacker = IPAddress(ipv4: 0x0A00_0001)
            let handles = (0..<500).map { _ in
                lookups.verify(attacker, within: .seconds(600)) { if case .temperror = $0 { refused += 1 } }
            }
            #expect(refused == 400 && lookups.count == 100)
            lookups.cancel(handles[0])
            #expect(lookups.count == 99)
            _ = lookups.verify(attacker, within: .seconds(600)) { if case .temperror = $0 { refused += 1 } }
            #expect(refused == 400 && lookups.count == 100)
            for number in 0..<2000 {
                _ = lookups.verify(IPAddress(ipv4: 0x0B00_0000 + UInt32(number)), within: .seconds(600)) { _ in }
            }
            #expect(lookups.count == ReverseLookups.capacity && pool.count == ReverseLookups.capacity)
        }.get()
        try await resolver.shutDown(on: eventLoop).get()
    }
}
