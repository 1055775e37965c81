import MailVocabulary
import NIOCore
import Testing

@testable import NameResolution

struct LookupTests {
    @Test("MX records are sorted by preference, bounded, and each host is used once")
    func mailExchangers() throws {
        let records = [
            mx(30, "c.example"), mx(10, "a.example"), mx(20, "b.example"), mx(40, "a.example"), mx(5, "under_score.example"), [1],
        ]
        #expect(
            MailExchangerLookup(.records(records, isSecure: false))
                == .hosts([
                    MailExchanger(preference: 5, host: try #require(DomainName(inRecord: "under_score.example"))),
                    MailExchanger(preference: 10, host: try domain("a.example")),
                    MailExchanger(preference: 20, host: try domain("b.example")),
                    MailExchanger(preference: 30, host: try domain("c.example")),
                ]))
        let many = (0..<500).map { mx(UInt16(1_000 - $0), "h\($0).example") }
        guard case .hosts(let hosts) = MailExchangerLookup(.records(many, isSecure: false)) else { throw NotATestValue() }
        #expect(hosts.map(\.preference) == Array(501...520))
    }

    @Test("a single MX to the root is a null MX; beside hosts it is passed over")
    func nullMX() throws {
        #expect(MailExchangerLookup(.records([mx(0, "")], isSecure: false)) == .nullMX)
        #expect(
            MailExchangerLookup(.records([mx(0, ""), mx(10, "a.example")], isSecure: false))
                == .hosts([MailExchanger(preference: 10, host: try domain("a.example"))]))
    }

    @Test("MX records that name no possible host are no hosts for good; records that cannot be read are unknown for now")
    func noHosts() throws {
        #expect(MailExchangerLookup(.records([mx(10, "a b.example"), mx(20, "-a.example")], isSecure: false)) == .noHost)
        #expect(MailExchangerLookup(.records([mx(10, "a b.example"), [1]], isSecure: false)) == .noHost)
        #expect(MailExchangerLookup(.records([[1]], isSecure: false)) == .transientFailure(.malformed))
        #expect(
            MailExchangerLookup(.records([mx(10, "a b.example"), mx(20, "b.example")], isSecure: false))
                == .hosts([MailExchanger(preference: 20, host: try domain("b.example"))]))
    }

    @Test("what the DNS said becomes the result of the lookup: absent, not there, or unknown for now")
    func otherAnswers() {
        let failure = LookupFailure.serverFailure(rcode: 2)
        #expect(MailExchangerLookup(.noRecords(isSecure: false)) == .implicit)
        #expect(MailExchangerLookup(.noSuchDomain(isSecure: false)) == .noSuchDomain)
        #expect(MailExchangerLookup(.failure(failure)) == .transientFailure(failure))
        #expect(MailExchangerLookup(.records([[0], []], isSecure: false)) == .transientFailure(.malformed))
        #expect(AddressLookup(.noRecords(isSecure: false), family: .ipv4) == .noAddress)
        #expect(AddressLookup(.noSuchDomain(isSecure: false), family: .ipv4) == .noSuchDomain)
        #expect(AddressLookup(.failure(failure), family: .ipv4) == .transientFailure(failure))
        #expect(AddressLookup(.records([[1, 2, 3]], isSecure: false), family: .ipv4) == .transientFailure(.malformed))
        #expect(HostNameLookup(.noRecords(isSecure: false)) == .noName)
        #expect(HostNameLookup(.noSuchDomain(isSecure: false)) == .noName)
        #expect(HostNameLookup(.failure(failure)) == .transientFailure(failure))
        #expect(HostNameLookup(.records([[9]], isSecure: false)) == .transientFailure(.malformed))
        #expect(HostNameLookup(.records([wire("no_host")], isSecure: false)) == .noName)
    }

    @Test("at most 20 addresses and 10 names are used")
    func bounds() throws {
        let addresses = (0..<200).map { [192, 0, 2, UInt8($0)] }
        guard case .addresses(let used) = AddressLookup(.records(addresses, isSecure: false), family: .ipv4) else { throw NotATestValue() }
        #expect(used.count == 20)
        guard case .names(let names) = HostNameLookup(.records((0..<99).map { wire("h\($0).example") }, isSecure: false)) else {
            throw NotATestValue()
        }
        #expect(names.count == 10)
    }

    @Test("both families together: an address is enough, uncertainty outweighs absence, neither family is cut off")
    func bothFamilies() throws {
        let six = AddressLookup.addresses([try address("2001:db8::1"), try address("2001:db8::2")])
        let four = AddressLookup.addresses([try address("192.0.2.1")])
        let unknown = AddressLookup.transientFailure(.timeout)
        #expect(
            AddressLookup(ipv6: six, ipv4: four)
                == .addresses([try address("2001:db8::1"), try address("192.0.2.1"), try address("2001:db8::2")]))
        #expect(AddressLookup(ipv6: unknown, ipv4: four) == four)
        #expect(AddressLookup(ipv6: six, ipv4: .noSuchDomain) == six)
        #expect(AddressLookup(ipv6: .noAddress, ipv4: unknown) == unknown)
        #expect(AddressLookup(ipv6: unknown, ipv4: .noSuchDomain) == unknown)
        #expect(AddressLookup(ipv6: .noAddress, ipv4: .noSuchDomain) == .noSuchDomain)
        #expect(AddressLookup(ipv6: .noSuchDomain, ipv4: .noAddress) == .noSuchDomain)
        #expect(AddressLookup(ipv6: .noAddress, ipv4: .noAddress) == .noAddress)
    }

    @Test("deadlines come in order, also after a sweep", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func deadlineQueue(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = DeadlineQueue<Int64>()
        var model: [Int64] = []
        for _ in 0..<500 {
            let value = Int64.random(in: 0...1_000, using: &generator)
            queue.insert(value, at: .uptimeNanoseconds(UInt64(value)))
            model.append(value)
        }
        queue.removeAll { $0 % 3 == 0 }
        model.removeAll { $0 % 3 == 0 }
        #expect(queue.earliest?.uptimeNanoseconds == model.min().map { UInt64($0) })
        var taken: [Int64] = []
        while let value = queue.popExpired(at: .uptimeNanoseconds(500)) { taken.append(value) }
        #expect(taken == model.filter { $0 <= 500 }.sorted())
        #expect(queue.count == model.filter { $0 > 500 }.count)
    }
}
