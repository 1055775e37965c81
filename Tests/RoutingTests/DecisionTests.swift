import MailVocabulary
import Testing

@testable import Routing

@Suite("The decision on one recipient")
struct DecisionTests {
    /// One authoritative domain, one shared, a general connector, a partner, an open space.
    static let usual = Sketch(
        domains: ["ours.example": false, "shared.example": true],
        connectors: [
            .init("mailboxes", ["ours.example"], .maildir),
            .init("internal", ["shared.example"], .smartHosts),
            .init("general", ["*"], .dns),
            .init("partner", ["fabrikam.example", "*.fabrikam.example"], .smartHosts),
            .init("open", ["customer.example"], .smartHosts, relay: true),
        ])

    /// The directory of the tests.
    static func directory(_ address: EmailAddress) -> DirectoryAnswer {
        let known = { (address: EmailAddress) in DirectoryAnswer.known(KnownRecipient(mailboxes: [address])) }
        switch address.localPart {
        case "bob", "carol": return known(address)
        case "Bob": return known(Sketch.address("bob@ours.example"))
        case "sales":
            return .known(
                KnownRecipient(
                    steps: [.init(.group, address, count: 3)],
                    mailboxes: [Sketch.address("bob@ours.example"), Sketch.address("carol@ours.example")],
                    problems: ["sales@ours.example leads to gone@ours.example, which does not exist"]))
        case "away":
            return .known(
                KnownRecipient(
                    steps: [.init(.alias, address, count: 1)], outside: [.init(Sketch.address("bob@far.example"), via: address)]))
        case "half":
            return .known(
                KnownRecipient(
                    steps: [.init(.alias, address, count: 2)],
                    outside: [
                        .init(Sketch.address("x@shared.example"), via: address), .init(Sketch.address("gone@ours.example"), via: address),
                    ]))
        case "empty": return .known(KnownRecipient(steps: [.init(.group, address, count: 0)]))
        case "stale": return .known(KnownRecipient(mailboxes: [Sketch.address("bob@sold.example")]))
        default: return .unknown
        }
    }

    static func decide(_ recipient: String, in sketch: Sketch = usual, down: Set<String> = [], message: Int64 = 1) throws -> Decision {
        sketch.table.decide(Sketch.facts(recipient, message: message), states: ConnectorStates(down: down), directory: directory)
    }

    static func routes(_ decision: Decision) -> [String] { decision.routes.map { "\($0.address) \($0.connector) \($0.nextHop)" } }

    @Test(
        "accepted at an edge server",
        arguments: [
            ("bob@ours.example", ["bob@ours.example mailboxes maildir:mailboxes"]),
            ("bob@OURS.example", ["bob@ours.example mailboxes maildir:mailboxes"]),
            ("Bob@ours.example", ["bob@ours.example mailboxes maildir:mailboxes"]),
            ("sales@ours.example", ["bob@ours.example mailboxes maildir:mailboxes", "carol@ours.example mailboxes maildir:mailboxes"]),
            ("away@ours.example", ["bob@far.example general dns:far.example"]),
            ("half@ours.example", ["x@shared.example internal smart_hosts:internal"]),
            ("anyone@shared.example", ["anyone@shared.example internal smart_hosts:internal"]),
            ("anyone@customer.example", ["anyone@customer.example open smart_hosts:open"]),
        ])
    func accepted(recipient: String, expected: [String]) throws {
        let decision = try Self.decide(recipient)
        #expect(Self.routes(decision) == expected)
        #expect(decision.routes.allSatisfy { $0.original == Sketch.address(recipient) })
        #expect(decision.refusal == nil)
    }

    @Test(
        "refused at an edge server, shortly and without a name of ours",
        arguments: [
            ("nobody@ours.example", "550 5.1.1 Recipient unknown"), ("empty@ours.example", "550 5.2.4 Mailing list expansion problem"),
            ("stale@ours.example", "550 5.2.4 Mailing list expansion problem"), ("x@far.example", "550 5.7.1 Relaying denied"),
            ("x@fabrikam.example", "550 5.7.1 Relaying denied"), ("x@sub.ours.example", "550 5.7.1 Relaying denied"),
            ("x@sub.customer.example", "550 5.7.1 Relaying denied"), ("x@[192.0.2.1]", "550 5.7.1 Relaying denied"),
            ("x@[IPv6:2001:db8::1]", "550 5.7.1 Relaying denied"),
        ])
    func refused(recipient: String, reply: String) throws {
        let decision = try Self.decide(recipient)
        #expect(decision.refusal?.words == reply)
        #expect(decision.routes.isEmpty)
        let last = try #require(decision.trace.steps.last)
        #expect(last.outcome == .refused(try #require(decision.refusal)))
    }

    @Test("rule 1: a directory that never had anybody makes nobody unknown: 451, and the trace says why; shared domains go on elsewhere")
    func nobodyYet() throws {
        let decision = Self.usual.table.decide(Sketch.facts("bob@ours.example")) { _ in .nobodyYet }
        #expect(decision.refusal?.words == "451 4.3.0 No mailbox has been set up here yet, try again later")
        let last = try #require(decision.trace.steps.last)
        #expect(last.finding == .nobodyYet(Sketch.address("bob@ours.example")) && last.rule == "1")
        #expect(
            last.text
                == "bob@ours.example is not in the directory, which never had a user, alias or group: that may be another directory than was meant"
        )
        // Another code than that of an unknown recipient: it is another rule.
        let unknown = Self.usual.table.decide(Sketch.facts("bob@ours.example")) { _ in .unknown }
        #expect(unknown.refusal?.code != decision.refusal?.code)
        #expect(Self.usual.table.rules(of: try #require(decision.refusal).code).count == 1)
        let shared = Self.usual.table.decide(Sketch.facts("x@shared.example")) { _ in .nobodyYet }
        #expect(shared.refusal == nil && !shared.routes.isEmpty)
        // What waits in the queue is not given up for it.
        let queued = Self.usual.table.reroute(Sketch.facts("bob@ours.example"), to: Sketch.address("bob@ours.example"), from: "mailboxes") {
            _ in .nobodyYet
        }
        #expect(queued.refusal?.reply.isTransientFailure == true)
    }

    @Test("rule 1: the directory is asked once, and only about our domains")
    func directoryQuestions() {
        let directory = SketchDirectory(find: Self.directory)
        for recipient in ["x@far.example", "x@customer.example", "x@[192.0.2.1]", "bob@ours.example", "x@shared.example"] {
            _ = Self.usual.table.decide(Sketch.facts(recipient), directory: directory)
        }
        #expect(directory.asked == ["answer bob@ours.example", "answer x@shared.example"])
    }

    @Test("rule 1: an error of the directory is the caller's")
    func directoryError() {
        struct Broken: Error {}
        struct BrokenDirectory: RoutingDirectory {
            func answer(for recipient: EmailAddress) throws(Broken) -> DirectoryAnswer { throw Broken() }
            func groups(of address: EmailAddress) throws(Broken) -> Set<AddressKey> { throw Broken() }
            func ownAddresses(of account: EmailAddress) throws(Broken) -> [EmailAddress] { throw Broken() }
        }
        #expect(throws: Broken.self) {
            try Self.usual.table.decide(Sketch.facts("bob@ours.example"), directory: BrokenDirectory())
        }
    }

    @Test("rule 1: a recipient of ours that nothing covers has no route; other targets of a group are not affected")
    func notCovered() throws {
        let sketch = Sketch(
            domains: ["ours.example": false, "shared.example": true], connectors: [.init("mailboxes", ["ours.example"], .lmtp)])
        #expect(try Self.decide("x@shared.example", in: sketch).refusal?.words == "550 5.4.4 No route to the recipient's domain")
        #expect(try Self.decide("half@ours.example", in: sketch).refusal?.status == "5.4.4")
        #expect(try Self.decide("away@ours.example", in: sketch).refusal?.status == "5.4.4")
        #expect(Self.routes(try Self.decide("bob@ours.example", in: sketch)) == ["bob@ours.example mailboxes lmtp:mailboxes"])
        let mixed = sketch.table.decide(Sketch.facts("list@ours.example")) { address in
            .known(
                KnownRecipient(
                    mailboxes: [Sketch.address("bob@ours.example")], outside: [.init(Sketch.address("x@far.example"), via: address)]))
        }
        #expect(Self.routes(mixed) == ["bob@ours.example mailboxes lmtp:mailboxes"])
    }

    @Test("rule 2a: where only `relay: true` permits, only such connectors carry it, whatever they cost")
    func relayConnectors() throws {
        let sketch = Sketch(
            connectors: [
                .init("cheap", ["customer.example"], .dns), .init("open", ["customer.example"], .smartHosts, relay: true, cost: 50),
            ])
        for down in [[], ["open"], ["cheap"], ["cheap", "open"]] as [Set<String>] {
            let decision = try Self.decide("x@customer.example", in: sketch, down: down)
            #expect(decision.routes.map(\.connector) == ["open"])
        }
    }

    @Test("rule 2a: a less specific open space opens nothing that a more specific one closes")
    func specificCloses() throws {
        let sketch = Sketch(
            connectors: [.init("open", ["*.customer.example"], .smartHosts, relay: true), .init("closed", ["a.customer.example"], .dns)])
        #expect(try Self.decide("x@a.customer.example", in: sketch).refusal?.status == "5.7.1")
        #expect(try Self.decide("x@b.customer.example", in: sketch).routes.map(\.connector) == ["open"])
        #expect(try Self.decide("x@customer.example", in: sketch).refusal?.status == "5.7.1")
    }

    @Test("our own reports need no relay permission")
    func ownReports() {
        var facts = Sketch.facts("alice@far.example")
        facts.origin = .system
        let decision = Self.usual.table.decide(facts, directory: Self.directory)
        #expect(Self.routes(decision) == ["alice@far.example general dns:far.example"])
        facts.recipient = Sketch.address("alice@[192.0.2.7]")
        #expect(Self.routes(Self.usual.table.decide(facts, directory: Self.directory)) == ["alice@[192.0.2.7] general dns:[192.0.2.7]"])
    }

    @Test(
        "rule 3: exact before suffix, longer suffix before shorter, any before nothing",
        arguments: [
            ("a.b.example", "exact"), ("b.example", "exact-b"), ("c.b.example", "below-b"), ("x.a.b.example", "below-b"),
            ("x.c.b.example", "below-cb"), ("y.x.c.b.example", "below-cb"), ("example", "any"), ("other.example", "below-example"),
            ("xb.example", "below-example"), ("other.test", "any"),
        ])
    func specificity(domain: String, connector: String) throws {
        let sketch = Sketch(
            connectors: [
                .init("any", ["*"], .dns, relay: true), .init("below-example", ["*.example"], .dns, relay: true, cost: 90),
                .init("below-b", ["*.b.example"], .dns, relay: true, cost: 99), .init("below-cb", ["*.c.b.example"], .dns, relay: true),
                .init("exact", ["a.b.example"], .dns, relay: true, cost: 100), .init("exact-b", ["b.example"], .dns, relay: true),
            ])
        #expect(try Self.decide("x@" + domain, in: sketch).routes.map(\.connector) == [connector])
        // A connector that is down never gives way to a less specific one (S22).
        #expect(try Self.decide("x@" + domain, in: sketch, down: [connector]).routes.map(\.connector) == [connector])
    }

    @Test("the next hop is the connector's kind of delivery")
    func nextHops() throws {
        for (kind, expected) in [
            (Sketch.Kind.dns, "dns:customer.example"), (.smartHosts, "smart_hosts:c"), (.maildir, "maildir:c"), (.lmtp, "lmtp:c"),
            (.held, "held:c"),
        ] {
            let sketch = Sketch(connectors: [.init("c", ["customer.example"], kind, relay: true)])
            #expect(try Self.decide("x@customer.example", in: sketch).routes.map(\.nextHop.description) == [expected])
        }
    }
}
