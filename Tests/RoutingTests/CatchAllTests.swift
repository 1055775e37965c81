import MailVocabulary
import Testing
import Topology

@testable import Routing

@Suite("Rule 1: the order of lookup, with catch-alls and domains that are aliases (E22)")
struct CatchAllTests {
    /// `old.example` and `older.example` are other names of `ours.example`.
    private static func table(postmaster: String? = nil, receive: [Permissions.Receive] = [], sendAs: [Permissions.SendAs] = [])
        -> RoutingTable
    {
        let usual = DecisionTests.usual.topology
        return RoutingTable(
            Topology(
                hostname: usual.hostname, domains: Array(usual.domains.values),
                domainAliases: ["old.example", "older.example"].enumerated().map { index, name in
                    DomainAlias(name: Sketch.name(name), target: Sketch.name("ours.example"), location: World.place(40 + index))
                },
                postmaster: postmaster.map { Postmaster(Sketch.address($0), location: World.place(7)) },
                permissions: Permissions(receive: receive, sendAs: sendAs), connectors: usual.connectors))
    }

    /// As the core's directory answers where `*@ours.example` leads to carol.
    private static func directory(_ address: EmailAddress) -> DirectoryAnswer {
        switch DecisionTests.directory(address) {
        case .unknown where address.domain == Sketch.address("x@ours.example").domain:
            .known(
                KnownRecipient(
                    steps: [.init(.alias, Sketch.address("*@ours.example"), count: 1)], mailboxes: [Sketch.address("carol@ours.example")]))
        case let answer: answer
        }
    }

    private static func decide(_ recipient: String, _ table: RoutingTable = table()) -> Decision {
        table.decide(Sketch.facts(recipient), directory: directory)
    }

    @Test(
        "kind: what is exact comes first, then the catch-all; a domain that is an alias is replaced before both",
        arguments: [
            ("bob@ours.example", "bob@ours.example"), ("anything@ours.example", "carol@ours.example"),
            ("bob@old.example", "bob@ours.example"), ("Bob@OLDER.example", "bob@ours.example"),
            ("anything@old.example", "carol@ours.example"), ("away@old.example", "bob@far.example"),
            ("anyone@shared.example", "anyone@shared.example"),
        ])
    func order(to: String, reached: String) {
        let decision = Self.decide(to)
        #expect(decision.routes.map { "\($0.address)" } == [reached], "\(decision.trace)")
        // What was written stays known.
        #expect(decision.routes.allSatisfy { $0.original == Sketch.address(to) })
    }

    @Test("each is a step of the trace, with its place")
    func trace() throws {
        let steps = Self.decide("anything@old.example").trace.steps
        #expect(
            steps.prefix(4).map(\.text) == [
                "old.example is an alias of ours.example: anything@ours.example is meant",
                "ours.example is one of our domains, and authoritative",
                "anything@ours.example is not in the directory: the catch-all *@ours.example takes its mail",
                "*@ours.example is an alias for one address",
            ])
        #expect(steps.prefix(3).map(\.rule) == ["1", "1", "1"] && steps[0].location == World.place(40))
    }

    @Test("the postmaster is found before the catch-all, and by it where the configuration names nobody", arguments: ["ours", "old"])
    func postmaster(domain: String) {
        let named = Self.decide("Postmaster@\(domain).example", Self.table(postmaster: "bob@ours.example"))
        #expect(named.routes.map { "\($0.address)" } == ["bob@ours.example"], "\(named.trace)")
        #expect(Self.decide("postmaster@\(domain).example").routes.map { "\($0.address)" } == ["carol@ours.example"])
    }

    @Test("S33 is asked for the address that is meant", arguments: ["bob@ours.example", "bob@old.example"])
    func receive(to: String) {
        let table = Self.table(receive: [
            .init(recipients: [World.user("bob@ours.example")], senders: .authenticated, location: World.place(8))
        ])
        #expect(Self.decide(to, table).refusal?.status == "5.7.1")
    }

    @Test(
        "send_as: a grant is for every spelling of the domain, `*@domain` for all of its addresses, and nothing else",
        arguments: [
            ("sales@ours.example", true), ("sales@old.example", true), ("bob@old.example", true), ("bob+x@older.example", true),
            ("anything@lists.example", true), ("carol@ours.example", false), ("carol@old.example", false), ("x@sub.lists.example", false),
        ])
    func sendAs(from: String, permitted: Bool) {
        let bob = World.user("bob@ours.example")
        let table = Self.table(
            sendAs: [
                .init(
                    accounts: [bob], addresses: [Sketch.address("sales@old.example"), Sketch.address("*@lists.example")],
                    location: World.place(9))
            ])
        let session = SubmissionSession(
            virtualServer: "clients", clientAddress: IPAddress(ipv4: 1), account: Sketch.address("bob@ours.example"))
        let verdict = table.decideSender(session, reversePath: .address(Sketch.address(from)), directory: SketchDirectory())
        #expect((verdict.refusal == nil) == permitted, "\(verdict.trace)")
    }

    @Test("before a delivery attempt a catch-all makes no mailbox of what is none, and an older spelling is the address that is meant")
    func again() {
        let table = Self.table()
        let gone = table.reroute(
            Sketch.facts("gone@ours.example"), to: Sketch.address("gone@ours.example"), from: "mailboxes", directory: Self.directory)
        #expect(gone.refusal?.status == "5.1.1", "\(gone.trace)")
        let old = table.reroute(
            Sketch.facts("bob@old.example"), to: Sketch.address("bob@old.example"), from: "mailboxes", directory: Self.directory)
        #expect(old.routes.map { "\($0.address)" } == ["bob@ours.example"], "\(old.trace)")
    }
}
