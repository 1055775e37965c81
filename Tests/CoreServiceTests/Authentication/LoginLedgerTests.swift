import MailVocabulary
import NIOCore
import Testing
import Topology

@testable import CoreService

@Suite("How many logins may be begun")
struct LoginAllowanceTests {
    private let start = NIODeadline.now()
    private func network(_ text: String) throws -> ClientNetwork { ClientNetwork(try #require(IPAddress(parsing: text))) }

    @Test("a network has a tenth of what all may begin, at once and for each second, and takes nothing from the others beyond that")
    func share() throws {
        var allowance = LoginAllowance()
        let greedy = try network("192.0.2.1")
        func take(_ network: ClientNetwork, _ count: Int, at now: NIODeadline) -> [LoginAllowance.Answer] {
            (0..<count).map { _ in allowance.take(from: network, now: now) }
        }
        #expect(take(greedy, 200, at: start).allSatisfy { $0 == .granted })
        #expect(take(greedy, 10_000, at: start).allSatisfy { $0 == .networkOverLimit })
        #expect(take(greedy, 51, at: start + .seconds(1)).count { $0 == .granted } == 50)
        #expect(take(try network("192.0.2.2"), 200, at: start + .seconds(1)).allSatisfy { $0 == .granted })
    }

    @Test("all together have their limit, and a /48 four shares of one network")
    func everybody() throws {
        var allowance = LoginAllowance()
        var granted = 0
        for host in 1...250 {
            let network = try network("198.51.100.\(host)")
            for _ in 0..<100 where allowance.take(from: network, now: start) == .granted { granted += 1 }
        }
        #expect(granted == 2000)
        allowance = LoginAllowance()
        granted = 0
        for host in 0..<100 {
            let network = try network("2001:db8:1:\(String(host, radix: 16))::1")
            for _ in 0..<50 where allowance.take(from: network, now: start) == .granted { granted += 1 }
        }
        #expect(granted == 800)
    }

    @Test("a network without a limit is bound by what all may begin")
    func exempt() throws {
        var allowance = LoginAllowance(budgets: BudgetSettings(exempt: [try #require(Subnet(parsing: "192.0.2.0/24"))]))
        let network = try network("192.0.2.1")
        let granted = (0..<3000).count { _ in allowance.take(from: network, now: start) == .granted }
        #expect(granted == 2000)
    }
}

@Suite("Mechanisms that postern-auth dies under")
struct MechanismCrashesTests {
    private let noon = Timestamp(seconds: 1_800_000_000)

    @Test("three deaths within ten minutes switch a mechanism off for an hour")
    func off() {
        var crashes = MechanismCrashes()
        #expect(crashes.died(reading: [.gssapi], now: noon) == nil)
        #expect(crashes.died(reading: [.gssapi], now: noon + .seconds(599)) == nil)
        #expect(crashes.died(reading: [], now: noon + .seconds(599)) == nil)
        #expect(!crashes.isOff(.gssapi, now: noon + .seconds(599)))
        // The first is too long ago.
        #expect(crashes.died(reading: [.gssapi], now: noon + .seconds(600)) == nil)
        #expect(crashes.died(reading: [.gssapi], now: noon + .seconds(601)) == .gssapi)
        #expect(crashes.isOff(.gssapi, now: noon + .seconds(4200)) && !crashes.isOff(.gssapi, now: noon + .seconds(4201)))
        #expect(crashes.off(now: noon + .seconds(602)).map(\.mechanism) == [.gssapi])
        #expect(!crashes.isOff(.plain, now: noon + .seconds(602)))
    }

    @Test("mechanisms that were only there by chance stay")
    func chance() {
        var crashes = MechanismCrashes()
        _ = crashes.died(reading: [.ntlm, .plain, .scramSHA256], now: noon)
        _ = crashes.died(reading: [.ntlm, .plain], now: noon)
        #expect(crashes.died(reading: [.ntlm, .plain], now: noon) == .ntlm)
        #expect(crashes.died(reading: [.plain], now: noon) == nil)
        #expect(crashes.off(now: noon).map(\.mechanism) == [.ntlm])
    }
}
