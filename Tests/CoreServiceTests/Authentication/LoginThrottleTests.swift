import MailVocabulary
import Testing

@testable import CoreService

private func client(_ text: String) throws -> IPAddress { try #require(IPAddress(parsing: text)) }

@Suite("The throttle of failed logins")
struct LoginThrottleTests {
    private let noon = Timestamp(seconds: 1_800_000_000)

    private func throttle(lockAfter: Int? = 20, capacity: Int = 1000) -> LoginThrottle {
        LoginThrottle(settings: .init(lockAfter: lockAfter, capacity: capacity))
    }

    @Test("the delay doubles up to its maximum")
    func delays() throws {
        var throttle = throttle()
        let waits = try (0..<5).map {
            try throttle.recordFailure(from: client("192.0.2.1"), account: "anna", now: noon + .seconds($0)).wait
        }
        #expect(waits == [1, 2, 3, 3, 3].map { .seconds($0) })
    }

    @Test("the twentieth failure locks, for ten minutes and no longer")
    func lock() throws {
        var throttle = throttle()
        let attacker = try client("192.0.2.1")
        for number in 1...20 {
            #expect(throttle.admit(from: attacker, account: "anna", now: noon) == .proceed)
            let penalty = throttle.recordFailure(from: attacker, account: "anna", now: noon)
            #expect(penalty.locks == (number == 20 ? [.address, .account] : []) && penalty.failuresOfAddress == number)
        }
        let end = noon + .seconds(600)
        #expect(throttle.admit(from: attacker, account: "anna", now: noon) == .refuse(.address, until: end, wait: .seconds(3)))
        #expect(throttle.admit(from: attacker, account: nil, now: noon) == .refuse(.address, until: end, wait: .seconds(3)))
        #expect(throttle.admit(from: attacker, account: "anna", now: end) == .proceed)
        #expect(throttle.recordFailure(from: attacker, account: "anna", now: end).failuresOfAccount == 1)
    }

    @Test("1,000 wrong passwords do not lock the owner out from elsewhere, nor delay a right one")
    func owner() throws {
        var throttle = throttle()
        let owner = try client("198.51.100.7")
        for number in 0..<1000 {
            let attacker = try client("192.0.2.\(number % 250 + 1)")
            let now = noon + .milliseconds(number * 100)
            if throttle.admit(from: attacker, account: "anna", now: now) == .proceed {
                #expect(throttle.recordFailure(from: attacker, account: "anna", now: now).wait <= .seconds(3))
            }
            #expect(throttle.admit(from: owner, account: "anna", now: now) == .proceed)
        }
        // The account is locked for the addresses that failed, one that has failed once among them.
        guard case .refuse(.account, _, _) = throttle.admit(from: try client("192.0.2.9"), account: "anna", now: noon + .seconds(100))
        else {
            Issue.record("not locked")
            return
        }
    }

    @Test("who guesses at many accounts from one address is locked as well")
    func manyAccounts() throws {
        var throttle = throttle()
        let attacker = try client("192.0.2.1")
        for number in 0..<20 { _ = throttle.recordFailure(from: attacker, account: "user\(number)", now: noon) }
        guard case .refuse(.address, _, _) = throttle.admit(from: attacker, account: "fresh", now: noon) else {
            Issue.record("not locked")
            return
        }
    }

    @Test("a lock on an address spares those who have logged in from it, until they fail themselves")
    func office() throws {
        var throttle = throttle()
        let office = try client("192.0.2.1")
        throttle.recordSuccess(from: office, account: "bert", now: noon)
        for _ in 0..<20 { _ = throttle.recordFailure(from: office, account: "anna", now: noon) }
        #expect(throttle.admit(from: office, account: "bert", now: noon) == .proceed)
        guard case .refuse = throttle.admit(from: office, account: "carl", now: noon) else {
            Issue.record("not locked")
            return
        }
        _ = throttle.recordFailure(from: office, account: "bert", now: noon)
        guard case .refuse = throttle.admit(from: office, account: "bert", now: noon) else {
            Issue.record("not locked")
            return
        }
    }

    @Test("before the name is known, a lock on an address lets in where somebody has logged in from, and nowhere else")
    func nameNotKnown() throws {
        var throttle = throttle()
        let (office, attacker) = (try client("192.0.2.1"), try client("192.0.2.2"))
        throttle.recordSuccess(from: office, account: "bert", now: noon)
        for address in [office, attacker] {
            for _ in 0..<20 { _ = throttle.recordFailure(from: address, account: "anna", now: noon) }
        }
        #expect(throttle.admit(from: office, account: nil, now: noon) == .proceed)
        guard case .refuse(.address, _, _) = throttle.admit(from: attacker, account: nil, now: noon) else {
            Issue.record("not locked")
            return
        }
    }

    @Test("a right login in between does not reset what an address has failed")
    func ownAccount() throws {
        var throttle = throttle()
        let attacker = try client("192.0.2.1")
        for number in 1...20 {
            throttle.recordSuccess(from: attacker, account: "mallory", now: noon)
            #expect(throttle.recordFailure(from: attacker, account: "anna", now: noon).failuresOfAddress == number)
        }
    }

    @Test("IPv6 counts by /64, IPv4 by address")
    func networks() throws {
        var throttle = throttle(lockAfter: 2)
        for host in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"] {
            _ = throttle.recordFailure(from: try client(host), account: "x", now: noon)
        }
        guard case .refuse = throttle.admit(from: try client("2001:db8:1:2::abcd"), account: "y", now: noon) else {
            Issue.record("not locked")
            return
        }
        #expect(throttle.admit(from: try client("2001:db8:1:3::1"), account: "y", now: noon) == .proceed)
    }

    @Test("a count starts anew after ten minutes of quiet; without a number nothing locks")
    func quiet() throws {
        var throttle = throttle(lockAfter: nil)
        let address = try client("192.0.2.1")
        for _ in 0..<100 { #expect(throttle.recordFailure(from: address, account: "x", now: noon).locks.isEmpty) }
        #expect(throttle.recordFailure(from: address, account: "x", now: noon + .seconds(600)).failuresOfAddress == 1)
    }

    @Test("a clock that is set back makes no lock longer")
    func clock() throws {
        var throttle = throttle(lockAfter: 1)
        let address = try client("192.0.2.1")
        _ = throttle.recordFailure(from: address, account: "x", now: noon)
        #expect(throttle.admit(from: address, account: "x", now: noon - .seconds(3600)) == .proceed)
    }

    @Test("the tables stay within their bound, and forget the oldest first")
    func bounded() throws {
        var throttle = throttle(capacity: 100)
        for number in 0..<1000 {
            _ = throttle.recordFailure(from: IPAddress(ipv4: 0x0A00_0000 + UInt32(number)), account: "user\(number)", now: noon)
        }
        #expect(throttle.entryCount == 300)
    }
}
