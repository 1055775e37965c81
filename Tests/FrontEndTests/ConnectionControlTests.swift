import MailVocabulary
import NIOCore
import Testing
import Topology

@testable import FrontEnd

/// An identity for a connection.
private final class Connection {
    var id: ObjectIdentifier { ObjectIdentifier(self) }
}

extension ConnectionControl.Admission {
    fileprivate var reply: String? { if case .refused(let refusal) = self { "\(refusal.reply)" } else { nil } }
    fileprivate var evicted: ObjectIdentifier? { if case .admitted(let other) = self { other } else { nil } }
}

@Suite("Kind: no client network empties the connections that all share")
struct ConnectionControlTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(parsing: text)) }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("one network has its limit, whatever else is free, and others connect")
    func perNetwork() throws {
        var control = ConnectionControl(ConnectionSettings(limit: 100, limitPerNetwork: 3), budgets: BudgetSettings())
        let connections = (0..<6).map { _ in Connection() }
        let admissions = try connections.prefix(5).enumerated().map {
            control.admit($1.id, from: try address("2001:db8::\($0)"), at: start).reply
        }
        #expect(admissions.prefix(3).allSatisfy { $0 == nil })
        #expect(admissions[3] == "421 4.7.0 Your network has 3 connections open here, which is the limit: try again later")
        #expect(control.admit(connections[5].id, from: try address("192.0.2.1"), at: start).reply == nil)
        control.ended(connections[0].id)
        #expect(control.admit(connections[3].id, from: try address("2001:db8::9"), at: start).reply == nil)
    }

    @Test("networks with many clients behind them are given more, and exempt ones any number")
    func larger() throws {
        let nat = try #require(Subnet(parsing: "192.0.2.0/24"))
        let balancer = try #require(Subnet(parsing: "10.0.0.1"))
        var control = ConnectionControl(
            ConnectionSettings(limit: 100, limitPerNetwork: 2),
            budgets: BudgetSettings(exempt: [balancer], larger: [.init(nat, factor: 2)]))
        func count(_ text: String) throws -> Int {
            let address = try address(text)
            return (0..<20).map { _ in Connection() }.filter { control.admit($0.id, from: address, at: start).reply == nil }.count
        }
        #expect(try count("192.0.2.7") == 4 && count("198.51.100.1") == 2 && count("10.0.0.1") == 20)
    }

    @Test("where all connections are taken, the one that has brought no mail for longest makes room; one that is busy does not")
    func eviction() throws {
        var control = ConnectionControl(ConnectionSettings(limit: 2, limitPerNetwork: nil), budgets: BudgetSettings())
        let (first, second, third) = (Connection(), Connection(), Connection())
        #expect(control.admit(first.id, from: try address("192.0.2.1"), at: start).evicted == nil)
        #expect(control.admit(second.id, from: try address("192.0.2.2"), at: start).evicted == nil)
        control.progressed(first.id, at: start + .seconds(4))
        #expect(
            control.admit(third.id, from: try address("192.0.2.3"), at: start + .seconds(4)).reply
                == "421 4.3.2 All connections are in use: try again later")
        #expect(control.admit(third.id, from: try address("192.0.2.3"), at: start + .seconds(6)).evicted == second.id)
        #expect(control.openConnections == 2)
    }

    @Test("no limit is no limit")
    func none() throws {
        var control = ConnectionControl(ConnectionSettings(limit: nil, limitPerNetwork: nil), budgets: BudgetSettings())
        let connections = (0..<5000).map { _ in Connection() }
        let address = try address("192.0.2.1")
        #expect(connections.allSatisfy { control.admit($0.id, from: address, at: start).reply == nil })
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
