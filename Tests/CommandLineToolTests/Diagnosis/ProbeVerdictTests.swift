import MailVocabulary
import NameResolution
import Testing
import Topology

@testable import CommandLineTool

@Suite("The verdict of a probe")
struct ProbeVerdictTests {
    private func session(_ address: String, _ stages: (ProbeStage.Kind, ProbeStage.Outcome)...) -> ProbedAddress {
        ProbedAddress(
            host: "mx.far.example", address: address, port: 25,
            stages: stages.map { ProbeStage(kind: $0.0, duration: .zero, outcome: $0.1, notes: []) })
    }

    private func verdict(_ sessions: [ProbedAddress], noHost: Reply? = nil) throws -> ProbeVerdict {
        let domain = try #require(DomainName(parsing: "far.example"))
        var report = ProbeReport(domain: "far.example", route: .direct(.name(domain), port: nil, words: "by the DNS"), triesRecipient: true)
        (report.sessions, report.noHost) = (sessions, noHost)
        return ProbeVerdict(report)
    }

    @Test("the first address that passes decides, and those before it are mentioned")
    func passes() throws {
        let found = try verdict([session("192.0.2.1", (.connect, .failed(.refused))), session("192.0.2.2", (.connect, .passed))])
        #expect(found.kind == .works)
        #expect(found.text == "mx.far.example (192.0.2.2 port 25) passed every stage. Before it, 1 address failed: see above.")
    }

    @Test("a final no to the recipient ends it, whatever the next host would say")
    func refusal() throws {
        let no = session("192.0.2.1", (.connect, .passed), (.recipient, .answered(Reply(550, "5.1.1", "no such user"))))
        let found = try verdict([no, session("192.0.2.2", (.connect, .passed))])
        #expect(found.kind == .permanent)
        #expect(
            found.text == "mx.far.example (192.0.2.1 port 25) accepted the connection and then answered 550 5.1.1 no such user to RCPT: "
                + "the recipient's system does not take mail for this recipient from here.")
    }

    @Test(
        "what waits is told from what is returned",
        arguments: [
            (.connect, .failed(.silent(after: .seconds(10))), .temporary, "Many providers block port 25 outwards"),
            (.banner, .answered(Reply(554, "5.7.1", "go away")), .temporary, "answered 554 5.7.1 go away in place of its banner"),
            (.tls, .failed(.tls("no shared cipher")), .temporary, "could not agree on TLS: no shared cipher (at TLS)"),
            (.recipient, .answered(Reply(450, "4.2.0", "later")), .temporary, "asks to come again later"),
            (.mail, .answered(Reply(553, "5.1.8", "no")), .permanent, "takes nothing from this sender"),
        ] as [(ProbeStage.Kind, ProbeStage.Outcome, ProbeVerdict.Kind, String)])
    func kinds(stage: ProbeStage.Kind, outcome: ProbeStage.Outcome, kind: ProbeVerdict.Kind, words: String) throws {
        let found = try verdict([session("192.0.2.1", (stage, outcome))])
        #expect(found.kind == kind && found.text.contains(words), "\(found)")
    }

    @Test("without a host, a final reason returns the mail and a passing one keeps it")
    func withoutHost() throws {
        #expect(try verdict([], noHost: Reply(556, "5.1.10", "null MX")).kind == .permanent)
        #expect(try verdict([], noHost: Reply(451, "4.4.3", "SERVFAIL")).kind == .temporary)
    }

    @Test("at most five hosts and three addresses of each are connected to")
    func bounds() {
        let candidates = (0..<7).flatMap { host in
            (0..<5).map { index in
                (
                    candidate: NextHopCandidate(
                        host: DomainName(parsing: "mx\(host).example"), address: IPAddress(ipv4: UInt32(host * 8 + index))),
                    port: 25
                )
            }
        }
        #expect(Prober.chosen(candidates).count == 15)
    }

    @Test("the way is that of the cheapest connector that covers the domain, and mail that stays here goes nowhere")
    func route() throws {
        let domain = try #require(DomainName(parsing: "far.example"))
        let topology = Topology(
            hostname: domain,
            connectors: [
                Connector(name: "dear", addressSpaces: [AddressSpace(.any, cost: 20)], deliver: .dns),
                Connector(name: "cheap", addressSpaces: [AddressSpace(.any, cost: 10)], deliver: .dns),
                Connector(name: "here", addressSpaces: [AddressSpace(.exact(domain))], deliver: .maildir(pathTemplate: "/mail/{user}")),
            ])
        let here = ProbeRoute.configured(.name(domain), port: nil, in: topology)
        #expect(here.connector?.name == "here" && here.destinations.isEmpty)
        let other = try #require(DomainName(parsing: "other.example"))
        let cheap = ProbeRoute.configured(.name(other), port: 2525, in: topology)
        #expect(cheap.connector?.name == "cheap" && cheap.destinations.map(\.port) == [2525])
        #expect(cheap.words == "connector cheap, by the DNS; dear would do, too")
    }
}
