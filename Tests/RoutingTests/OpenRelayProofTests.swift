import MailVocabulary
import Testing
import Topology

@testable import Routing

@Suite("The proof of law 5")
struct OpenRelayProofTests {
    private static func topology(_ servers: [VirtualServer], _ connectors: [Connector]) -> Topology {
        Topology(hostname: Sketch.name("mail.ours.example"), virtualServers: servers, connectors: connectors)
    }

    private static let edge = VirtualServer(name: "internet", listeners: [])
    private static let general = World.connector("general", ["*"])

    @Test("a connector with `relay: true` and `*` is found with its line, and a dialogue that succeeds")
    func connector() throws {
        let open = World.connector("general", ["*"], relay: true, line: 60)
        let opening = try #require(OpenRelayProof.violations(of: Self.topology([Self.edge], [open])).first)
        #expect(opening.rule == .connector("general"))
        #expect(opening.location == World.place(62))
        #expect(
            opening.transcript == [
                "203.0.113.9 connects to internet", "S: 220 mail.ours.example ESMTP", "C: EHLO stranger.example",
                "S: 250 mail.ours.example",
                "C: MAIL FROM:<anyone@stranger.example>", "S: 250 2.1.0 Sender OK", "C: RCPT TO:<victim@victim.example>",
                "S: 250 2.1.5 Recipient OK",
            ])
    }

    @Test(
        "computers: `all_except`, or lists that hold a family, where nobody need log in",
        arguments: [
            (HostList.nobody, false), (.everyone, true), (.only([World.subnet("10.0.0.0/8")]), false),
            (.only([World.subnet("0.0.0.0/0")]), true), (.only([World.subnet("::/0")]), true),
            (.only([World.subnet("0.0.0.0/1"), World.subnet("128.0.0.0/1")]), true),
            (.only([World.subnet("0.0.0.0/1"), World.subnet("128.0.0.0/2")]), false),
            (.only([World.subnet("0.0.0.0/1"), World.subnet("8000::/1")]), false),
            (.allExcept([World.subnet("0.0.0.0/0")]), true), (.allExcept([World.subnet("0.0.0.0/0"), World.subnet("::/0")]), false),
            (.allExcept([World.subnet("203.0.113.0/24")]), true),
        ])
    func computers(list: HostList, isOpen: Bool) throws {
        let server = World.server("printers", anonymous: true, accounts: .none, computers: list)
        let violations = OpenRelayProof.violations(of: Self.topology([server], [Self.general]))
        #expect(violations.map(\.rule) == (isOpen ? [.computers(server: "printers")] : []))
        #expect(violations.allSatisfy { !$0.transcript.isEmpty && $0.location == World.place(22) })
        // Nobody may send without a login; the rule says that it is meant; nothing leads to everywhere.
        let closed = World.server("printers", anonymous: false, accounts: .all, computers: list)
        #expect(OpenRelayProof.openings(of: Self.topology([closed], [Self.general])).isEmpty)
        let meant = World.server("printers", anonymous: true, accounts: .none, computers: list, acknowledged: true)
        #expect(OpenRelayProof.violations(of: Self.topology([meant], [Self.general])).isEmpty)
        let partner = World.connector("partner", ["partner.example"])
        #expect(OpenRelayProof.openings(of: Self.topology([server], [partner])).map(\.reachesEverywhere) == (isOpen ? [false] : []))
    }

    @Test("lists of several servers that hold a family between them are found at each of them; with a hole, or a login, they are none")
    func together() throws {
        func violations(_ lists: [[String]], anonymous: Bool = true, acknowledged: Bool = false) -> [OpenRelayOpening] {
            let servers = lists.enumerated().map { index, subnets in
                World.server(
                    "s\(index)", anonymous: index > 0 || anonymous, accounts: .none, computers: .only(subnets.map(World.subnet)),
                    acknowledged: index > 0 && acknowledged, line: 100 * index)
            }
            return OpenRelayProof.violations(of: Self.topology(servers, [Self.general]))
        }
        let halves = [["0.0.0.0/1"], ["10.0.0.0/8", "128.0.0.0/1"], ["2001:db8::/32"]]
        #expect(
            violations(halves).map(\.rule) == [
                .computersTogether(server: "s0", others: ["s1"]), .computersTogether(server: "s1", others: ["s0"]),
            ])
        #expect(violations(halves).map { $0.transcript.first } == ["0.0.0.0 connects to s0", "10.0.0.0 connects to s1"])
        #expect(violations(halves, anonymous: false).isEmpty)
        #expect(violations(halves, acknowledged: true).map(\.rule) == [.computersTogether(server: "s0", others: ["s1"])])
        #expect(violations([["0.0.0.0/1"], ["128.0.0.0/2"]]).isEmpty && violations([["::/1"], ["8000::/1"]]).count == 2)
    }

    @Test(
        "whether subnets hold every address",
        arguments: [
            (["0.0.0.0/0"], true), (["::/0"], true), (["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"], true),
            (["0.0.0.0/1", "128.0.0.0/2"], false), (["10.0.0.0/8"], false),
            ([], false), (["::/1", "8000::/1"], true), (["0.0.0.0/1", "8000::/1"], false),
            (["128.0.0.0/1", "0.0.0.0/1", "10.0.0.1"], true),
        ] as [([String], Bool)])
    func coverage(subnets: [String], all: Bool) throws {
        let entries = subnets.compactMap { Subnet(parsing: $0) }.map { HostEntry(.subnet($0)) }
        #expect(entries.count == subnets.count)
        #expect(OpenRelayProof.isOpen(.only(entries)) == all)
    }

    @Test("what looks open and is not: strangers are rejected by default, or no server takes their mail")
    func closed() {
        let rejecting = World.connector("general", ["*"], relay: true, restrictions: Restrictions(byDefault: .reject))
        #expect(OpenRelayProof.openings(of: Self.topology([Self.edge], [rejecting])).isEmpty)
        let open = World.connector("general", ["*"], relay: true)
        let users = World.server("clients", anonymous: false, accounts: .all)
        #expect(OpenRelayProof.openings(of: Self.topology([users], [open])).isEmpty)
        // A list of senders closes nothing: a stranger calls himself as he likes.
        let listed = World.connector(
            "general", ["*"], relay: true, restrictions: Restrictions(rejectFrom: [World.user("spam@far.example")]))
        #expect(OpenRelayProof.violations(of: Self.topology([Self.edge], [listed])).count == 1)
    }

    @Test("gateways and bridges that may relay without a login are found, and only those")
    func gateways() throws {
        func openings(_ list: HostList, anonymous: Bool = true, gateway: String = "172.17.0.1") throws -> [OpenRelayOpening] {
            let server = World.server("printers", anonymous: anonymous, accounts: .none, computers: list)
            return OpenRelayProof.openings(
                of: Self.topology([server], [Self.general]),
                neighbours: [
                    .init(.gateway, try #require(IPAddress(parsing: gateway)), interface: "eth0"),
                    .init(.bridge, try #require(IPAddress(parsing: "10.88.0.1")), interface: "br0"),
                ])
        }
        #expect(try openings(.only([World.subnet("172.16.0.0/12")])).map(\.location) == [World.place(22)])
        #expect(try openings(.only([World.subnet("10.0.0.0/8")])).count == 1)
        #expect(try openings(.only([World.subnet("192.168.0.0/16")])).isEmpty)
        #expect(try openings(.only([World.subnet("172.16.0.0/12")]), anonymous: false).isEmpty)
        #expect(try openings(.allExcept([World.subnet("172.16.0.0/12")])).count == 1)
        #expect(try openings(.allExcept([World.subnet("172.16.0.0/12"), World.subnet("10.0.0.0/8")])).isEmpty)
    }

    @Test("an arbitrary domain is found also where a file names the usual ones")
    func arbitrary() {
        let topology = Self.topology(
            [Self.edge], [Self.general, World.connector("e", ["*.example", "*.arbitrary1", "victim.arbitrary2"])])
        #expect(OpenRelayWitness(topology).arbitraryDomain.text == "victim.arbitrary3")
    }
}
