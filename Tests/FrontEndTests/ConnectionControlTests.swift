import MailVocabulary
import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing
import Topology

@testable import FrontEnd
@testable import SMTPServer

extension ConnectionControl.Admission {
    fileprivate var reply: String? { if case .refused(let refusal) = self { "\(refusal.reply)" } else { nil } }
    fileprivate var place: CrossLoopPool.Place? { if case .admitted(let place) = self { place } else { nil } }
}

@Suite("Kind: no client network empties the connections that all share")
struct ConnectionControlTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(parsing: text)) }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// For one event loop.
    private func control(_ settings: ConnectionSettings, _ budgets: BudgetSettings = BudgetSettings()) -> ConnectionControl {
        ConnectionControl(settings, in: ConnectionControl.pool(settings, budgets: budgets), on: EmbeddedEventLoop())
    }

    @Test("one network has its limit, whatever else is free, and others connect")
    func perNetwork() throws {
        let control = control(ConnectionSettings(limit: 100, limitPerNetwork: 3))
        let admissions = try (0..<5).map { control.admit(from: try address("2001:db8::\($0)"), at: start) {} }
        #expect(admissions.prefix(3).allSatisfy { $0.reply == nil })
        #expect(admissions[3].reply == "421 4.7.0 Your network has 3 connections open here, which is the limit: try again later")
        #expect(control.admit(from: try address("192.0.2.1"), at: start) {}.reply == nil)
        control.ended(try #require(admissions[0].place))
        #expect(control.admit(from: try address("2001:db8::9"), at: start) {}.reply == nil)
    }

    @Test("networks with many clients behind them are given more, and exempt ones any number")
    func larger() throws {
        let nat = try #require(Subnet(parsing: "192.0.2.0/24"))
        let balancer = try #require(Subnet(parsing: "10.0.0.1"))
        let control = control(
            ConnectionSettings(limit: 100, limitPerNetwork: 2), BudgetSettings(exempt: [balancer], larger: [.init(nat, factor: 2)]))
        func count(_ text: String) throws -> Int {
            let address = try address(text)
            return (0..<20).filter { _ in control.admit(from: address, at: start) {}.reply == nil }.count
        }
        #expect(try count("192.0.2.7") == 4 && count("198.51.100.1") == 2 && count("10.0.0.1") == 20)
    }

    @Test("where all connections are taken, the one that has brought no mail for longest makes room; one that is busy does not")
    func eviction() throws {
        let settings = ConnectionSettings(limit: 2, limitPerNetwork: nil)
        let pool = ConnectionControl.pool(settings, budgets: BudgetSettings())
        let control = ConnectionControl(settings, in: pool, on: EmbeddedEventLoop())
        var ended: [String] = []
        func admit(_ name: String, _ address: IPAddress, after seconds: Int64) -> ConnectionControl.Admission {
            control.admit(from: address, at: start + .seconds(seconds)) { ended.append(name) }
        }
        let first = try #require(admit("first", try address("192.0.2.1"), after: 0).place)
        _ = admit("second", try address("192.0.2.2"), after: 0)
        control.progressed(first, at: start + .seconds(4))
        #expect(
            admit("third", try address("192.0.2.3"), after: 4).reply == "421 4.3.2 All connections are in use: try again later")
        #expect(ended.isEmpty)
        #expect(admit("third", try address("192.0.2.3"), after: 6).place != nil)
        #expect(ended == ["second"] && pool.count == 2)
    }

    @Test("no limit is no limit")
    func none() throws {
        let control = control(ConnectionSettings(limit: nil, limitPerNetwork: nil))
        let address = try address("192.0.2.1")
        #expect((0..<5000).allSatisfy { _ in control.admit(from: address, at: start) {}.reply == nil })
    }

    @Test("the limits are those of all event loops together: of 3,000 connections at once over 4 loops 2,000 are served, of one network 50")
    func severalLoops() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 4)
        let settings = ConnectionSettings(limit: 2000, limitPerNetwork: 50)
        let pool = ConnectionControl.pool(settings, budgets: BudgetSettings())
        let start = start
        let served = try await withThrowingTaskGroup(of: (Int, Int).self) { tasks in
            for loop in group.makeIterator() {
                tasks.addTask {
                    try await loop.submit {
                        let control = ConnectionControl(settings, in: pool, on: loop)
                        func served(_ count: Int, _ address: (Int) -> IPAddress) -> Int {
                            (0..<count).filter { control.admit(from: address($0), at: start) {}.place != nil }.count
                        }
                        let attacker = served(100) { _ in IPAddress(ipv4: 0x0A00_0001) }
                        return (attacker, served(750) { IPAddress(ipv4: UInt32.random(in: 0x1400_0000...0x14FF_FFFF) &+ UInt32($0)) })
                    }.get()
                }
            }
            return try await tasks.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        }
        #expect(served.0 == 50)
        #expect(served.0 + served.1 == 2000 && pool.count == 2000)
        try await group.shutdownGracefully()
    }

    @Test("the first refusal of a network is said at once, the others once a minute with their number, and the memory of it is bounded")
    func warnings() throws {
        var warnings = RefusalWarnings()
        let network = ClientNetwork(try address("192.0.2.1"))
        #expect(warnings.refused(network, at: start) == .first)
        #expect((1...500).allSatisfy { warnings.refused(network, at: start + .milliseconds(Int64($0))) == nil })
        #expect(warnings.refused(network, at: start + .seconds(61)) == .again(refusals: 501))
        #expect(warnings.refused(network, at: start + .seconds(62)) == nil)
        for number in 0..<5000 { _ = warnings.refused(ClientNetwork(IPAddress(ipv4: 0x0A00_0000 + UInt32(number))), at: start) }
        #expect(warnings.refused(network, at: start + .seconds(63)) == .first, "it was refused longest ago and is forgotten")
    }
}
