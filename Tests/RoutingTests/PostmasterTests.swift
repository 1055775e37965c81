import MailVocabulary
import Testing
import Topology

@testable import Routing

@Suite("Mail for the postmaster (RFC 5321 §4.5.1)")
struct PostmasterTests {
    private static func table(_ postmaster: String?) -> RoutingTable {
        let school = World.topology
        return RoutingTable(
            Topology(
                hostname: school.hostname, defaultDomain: school.defaultDomain, domains: Array(school.domains.values),
                postmaster: postmaster.map { Postmaster(World.address($0), location: World.place(7)) },
                permissions: Permissions(
                    receive: [
                        .init(recipients: [World.user("anna@school.example")], senders: .authenticated, location: World.place(8)),
                        .init(recipients: [World.user("postmaster@school.example")], senders: .authenticated, location: World.place(9)),
                    ]), virtualServers: school.virtualServers, connectors: school.connectors))
    }

    @Test(
        "postmaster of a domain of ours goes where the configuration says, for everybody and in any case, and nobody else does",
        arguments: [
            ("anna@school.example", "postmaster@school.example", "mailboxes"),
            ("anna@school.example", "PostMaster@School.example", "mailboxes"),
            ("staff@school.example", "postmaster@school.example", "mailboxes, mailboxes, mailboxes"),
            ("admin@elsewhere.example", "postmaster@school.example", "general"),
            ("x@shared.example", "postmaster@school.example", "mailboxes"),
            // Its other system has it.
            ("anna@school.example", "postmaster@shared.example", "mailboxes"),
            // Not ours: no relay.
            ("anna@school.example", "postmaster@far.example", "550 5.7.1"),
            ("anna@school.example", "nobody@school.example", "550 5.1.1"), ("anna@school.example", "anna@school.example", "550 5.7.1"),
            ("nobody@school.example", "postmaster@school.example", "550 5.1.1"),
            ("postmaster@school.example", "postmaster@school.example", "550 5.1.1"), (nil, "postmaster@school.example", "550 5.1.1"),
        ] as [(String?, String, String)])
    func decided(postmaster: String?, to: String, outcome: String) {
        let decision = Self.table(postmaster).decide(World.facts("internet", to: to), directory: World.directory())
        #expect(World.outcome(decision) == outcome, "\(decision.trace)")
    }

    @Test("what the directory has comes before the configuration, and the trace names the line that leads on")
    func order() {
        let table = Self.table("anna@school.example")
        let own = SketchDirectory { address in .known(KnownRecipient(mailboxes: [Sketch.address("tim@school.example")])) }
        let decision = table.decide(World.facts("internet", to: "postmaster@school.example"), directory: own)
        #expect(decision.routes.map { "\($0.address)" } == ["tim@school.example"])
        let led = table.decide(World.facts("internet", to: "postmaster@school.example"), directory: World.directory())
        #expect(led.routes.map { "\($0.address) \($0.original)" } == ["anna@school.example postmaster@school.example"])
        #expect(
            led.trace.steps.contains { $0.location == World.place(7) && $0.text.contains("its mail is for anna@school.example") },
            "\(led.trace)")
    }

    @Test("before each delivery attempt it is decided the same, also for an address that permissions.receive closes")
    func again() {
        let table = Self.table("anna@school.example")
        let facts = World.facts("internet", to: "postmaster@school.example")
        let decision = table.reroute(
            facts, to: Sketch.address("anna@school.example"), from: "mailboxes", directory: World.directory())
        #expect(World.outcome(decision) == "mailboxes", "\(decision.trace)")
        let away = table.reroute(facts, to: Sketch.address("admin@elsewhere.example"), from: "general", directory: World.directory())
        #expect(World.outcome(away) == "general", "\(away.trace)")
    }

    @Test("<postmaster> without a domain is in one that we receive mail for")
    func domain() throws {
        let (one, other) = (World.name("school.example"), World.name("elsewhere.example"))
        func topology(_ byDefault: DomainName, _ domains: DomainName...) -> Topology {
            Topology(hostname: one, defaultDomain: byDefault, domains: domains.map { ReceivingDomain(name: $0) })
        }
        #expect(topology(one, one, other).postmasterDomain == one)
        #expect(topology(World.name("third.example"), one, other).postmasterDomain == other)
        #expect(topology(one).postmasterDomain == one)
    }
}

@Suite("The author that a message names (RFC 6409 §6.1)")
struct AuthorTests {
    @Test(
        "every author must be an address that the account may send as, and there must be one",
        arguments: [
            ("clients anna", ["anna@school.example"], true), ("clients anna", ["Anna+x@school.example", "office@school.example"], true),
            ("clients anna", ["anna@school.example", "sam@school.example"], false), ("clients sam", ["office@school.example"], false),
            ("clients anna", [], false), ("printers", ["anybody@far.example"], true),
        ] as [(String, [String], Bool)])
    func authors(via: String, from: [String], isPermitted: Bool) throws {
        guard case .submission(let session) = World.origin(via) else { return }
        let verdict = World.table.decideAuthors(from.map(Sketch.address), in: session, directory: World.directory())
        #expect((verdict.refusal == nil) == isPermitted, "\(verdict.trace)")
        if let refusal = verdict.refusal { #expect(refusal.code == World.table.wrongSender.code && refusal.status == "5.7.1") }
    }
}
