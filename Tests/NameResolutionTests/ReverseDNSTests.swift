import MailVocabulary
import NIOCore
import Testing

@testable import NameResolution

struct ReverseDNSTests {
    @Test("the first confirmed name passes, and what could not be looked up is no failure")
    func results() throws {
        let own = try address("192.0.2.1")
        let names = [try domain("a.example"), try domain("b.example")]
        let matching = AddressLookup.addresses([try address("192.0.2.7"), own])
        let other = AddressLookup.addresses([try address("192.0.2.7")])
        func result(_ lookups: AddressLookup...) -> ReverseDNSResult { ReverseDNS.result(own, names, lookups) }
        #expect(result(other, matching) == .pass(names[1]))
        #expect(result(.transientFailure(.timeout), matching) == .pass(names[1]))
        #expect(result(other, .transientFailure(.timeout)).keyword == "temperror")
        guard case .fail(_, let unconfirmed) = result(other, .noSuchDomain) else { throw NotATestValue() }
        #expect(unconfirmed == names)
    }
}

@Suite(.enabled(if: LocalDNSServer.isInstalled, "\(LocalDNSServer.missing)"))
struct ReverseDNSWithServerTests {
    @Test("an address passes with a name that has it, fails without, and a slow DNS is a temperror within the deadline")
    func verification() async throws {
        let silent = try LoopbackSocket()
        let records = [
            "1.2.0.192.in-addr.arpa. PTR mail.example.", "mail.example. A 192.0.2.1", "mail.example. A 192.0.2.11",
            "2.2.0.192.in-addr.arpa. PTR liar.example.", "liar.example. A 192.0.2.200",
            "3.2.0.192.in-addr.arpa. PTR gone.example.",
            "4.2.0.192.in-addr.arpa. PTR host.silent.example.",
            "5.2.0.192.in-addr.arpa. PTR host.silent.example.", "5.2.0.192.in-addr.arpa. PTR five.example.", "five.example. A 192.0.2.5",
            "6.2.0.192.in-addr.arpa. PTR under_score.example.",
            "1.0.0.10.in-addr.arpa. PTR private.example.", "private.example. A 10.0.0.1",
            "2.0.0.127.in-addr.arpa. PTR loop.test.", "loop.test. A 127.0.0.2",
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR six.example.", "six.example. AAAA 2001:db8::1",
        ]
        let reverse = "100.51.198.in-addr.arpa."
        try await withDNS(records, forwards: [("silent.example.", silent.port), (reverse, silent.port)]) { resolver in
            func verify(_ text: String, within duration: Duration? = nil) async throws -> ReverseDNSResult {
                try await ReverseDNS(resolver: resolver).verify(address(text), within: duration, on: testLoop).get()
            }
            #expect(try await verify("192.0.2.1") == .pass(domain("mail.example")))
            #expect(try await verify("10.0.0.1") == .pass(domain("private.example")))
            #expect(try await verify("127.0.0.2") == .pass(domain("loop.test")))
            #expect(try await verify("2001:db8::1") == .pass(domain("six.example")))
            #expect(try await verify("192.0.2.5") == .pass(domain("five.example")))
            for (text, name) in [("192.0.2.2", "liar.example"), ("192.0.2.3", "gone.example")] {
                guard case .fail(let reason, let unconfirmed) = try await verify(text) else { throw NotATestValue() }
                #expect(try unconfirmed == [domain(name)] && reason.contains(name))
            }
            #expect(try await verify("192.0.2.6") == .permerror(reason: "no PTR record"))
            #expect(try await verify("192.0.2.99") == .permerror(reason: "no PTR record"))
            for text in ["192.0.2.4", "198.51.100.1"] {
                let start = NIODeadline.now()
                #expect(try await verify(text, within: .seconds(1)).keyword == "temperror")
                let elapsed = NIODeadline.now() - start
                #expect(elapsed < .seconds(5), "\(text): \(elapsed)")
            }
        }
        withExtendedLifetime(silent) {}
    }
}
