import MailVocabulary
import Topology

@testable import Routing

/// A school and an office in one: staff may send to the Internet, students may not; printers relay without a login. The tables of
/// docs/routing.md are about this world.
enum World {
    static let name = Sketch.name
    static let address = Sketch.address

    static func place(_ line: Int) -> SourceLocation { SourceLocation(file: "postern.yaml", line: line, column: 5) }
    static func user(_ text: String) -> Principal { Principal(.user(address(text)), location: place(90)) }
    static func group(_ text: String) -> Principal { Principal(.group(address(text)), location: place(91)) }
    static func subnet(_ text: String) -> HostEntry {
        guard let subnet = Subnet(parsing: text) else { preconditionFailure("\(text) is a subnet") }
        return HostEntry(.subnet(subnet), location: place(92))
    }

    static func server(
        _ name: String, anonymous: Bool, accounts: RelayPermissions.Accounts, computers: HostList = .nobody, acknowledged: Bool = false,
        line: Int = 20
    ) -> VirtualServer {
        VirtualServer(
            name: name, location: place(line),
            role: .submission(
                SubmissionSettings(
                    authentication: AuthenticationMethods(anonymous: anonymous, basic: .init()),
                    relay: RelayPermissions(
                        accounts: accounts, computers: computers, acknowledgeOpenRelay: acknowledged,
                        accountsLocation: place(line + 1), computersLocation: place(line + 2)))),
            listeners: [])
    }

    static func connector(
        _ name: String, _ spaces: [String], _ deliver: DeliveryMethod = .dns, cost: Int = 1, relay: Bool = false,
        acknowledged: Bool = false,
        restrictions: Restrictions = .none, content: ContentRestrictions = .none, schedule: ConnectorSchedule = .always, line: Int = 50
    ) -> Connector {
        Connector(
            name: name, location: place(line),
            addressSpaces: spaces.compactMap { AddressSpace.Pattern(parsing: $0) }.map {
                AddressSpace($0, cost: cost, location: place(line + 1))
            }, deliver: deliver, relay: relay, relayLocation: place(line + 2), acknowledgeOpenRelay: acknowledged,
            restrictions: restrictions, content: content, schedule: schedule)
    }

    static let topology = Topology(
        hostname: name("mail.school.example"), defaultDomain: name("school.example"),
        domains: [
            ReceivingDomain(name: name("school.example"), location: place(3)),
            ReceivingDomain(name: name("shared.example"), kind: .shared(unknownTo: nil), location: place(4)),
            ReceivingDomain(
                name: name("branch.example"),
                kind: .shared(unknownTo: SmartHost(host: .literal(IPAddress(ipv4: 0xC000_0228)), location: place(5))), location: place(5)),
        ],
        permissions: Permissions(
            receive: [
                .init(recipients: [group("students@school.example")], senders: .authenticated, location: place(8)),
                .init(
                    recipients: [user("head@school.example")], senders: .listed([group("staff@school.example")]), location: place(9)),
            ],
            sendAs: [.init(accounts: [group("staff@school.example")], addresses: [address("office@school.example")], location: place(10))]),
        virtualServers: [
            VirtualServer(name: "internet", location: place(15), listeners: []),
            server(
                "clients", anonymous: false,
                accounts: .listed(grant: [group("all@school.example")], deny: [group("students@school.example")])),
            server("everyone", anonymous: false, accounts: .all, line: 24),
            server("nobody", anonymous: false, accounts: .none, line: 28),
            server(
                "printers", anonymous: true, accounts: .none,
                computers: .only([subnet("10.1.0.0/16"), HostEntry(.below(name("print.school.example")), location: place(93))]), line: 32),
            server("closed-printers", anonymous: false, accounts: .none, computers: .only([subnet("10.1.0.0/16")]), line: 36),
        ],
        connectors: [
            connector("mailboxes", ["school.example", "shared.example"], .lmtp(.unix(path: "/run/lmtp"))),
            connector("general", ["*"], line: 60),
            connector("partner", ["partner.example"], .smartHosts([], directFirst: true), relay: true, line: 70),
            connector(
                "project", ["project.example"],
                restrictions: Restrictions(
                    byDefault: .reject, acceptFrom: [group("staff@school.example")], rejectFrom: [user("tim@school.example")],
                    location: place(82)), line: 80),
            connector(
                "project-small", ["project.example"], cost: 20, relay: true,
                content: ContentRestrictions(maximumSize: .mebibytes(1), location: place(86)), line: 84),
            connector(
                "lists", ["lists.example"], relay: true,
                restrictions: Restrictions(rejectFrom: [user("spam@far.example"), group("students@school.example")], location: place(95)),
                content: ContentRestrictions(priorities: [.normal, .low], types: [.nonSystem], location: place(96)), line: 94),
        ])

    static let table = RoutingTable(topology)

    private static let users = ["anna", "tim", "head", "sam"]

    static let memberships = [
        "staff@school.example": ["anna@school.example", "tim@school.example", "head@school.example"],
        "students@school.example": ["sam@school.example"],
        "all@school.example": (users + ["staff", "students"]).map { "\($0)@school.example" },
    ]

    /// anna, tim and head are staff; sam is a student; all of them are in all.
    static func directory() -> SketchDirectory {
        SketchDirectory(
            groups: memberships, aliases: ["anna@school.example": ["a.smith@school.example"]]
        ) { address in
            switch address.localPart.lowercased() {
            case _ where address.domain != .name(name("school.example")): .unknown
            case "all", "students", "staff":
                .known(
                    KnownRecipient(
                        steps: [.init(.group, address, count: 2)],
                        mailboxes: (address.localPart == "all" ? users : address.localPart == "staff" ? ["anna", "tim", "head"] : ["sam"])
                            .map { Sketch.address("\($0)@school.example") }))
            case let local where users.contains(local.split(separator: "+")[0].description):
                .known(KnownRecipient(mailboxes: [Sketch.address("\(local.split(separator: "+")[0])@school.example")]))
            default: .unknown
            }
        }
    }

    /// Who sends: `internet`, or `SERVER [USER]`, from `CLIENT` or from the Internet.
    static func origin(_ via: String, client: String = "203.0.113.9", clientName: String? = nil) -> MailOrigin {
        let words = via.split(separator: " ").map(String.init)
        guard let address = IPAddress(parsing: client) else { preconditionFailure("\(client) is an address") }
        let confirmed = clientName.map(name)
        if via == "system" { return .system }
        if words[0] == "internet" {
            return .edge(EdgeSession(virtualServer: "internet", clientAddress: address, confirmedHostName: confirmed))
        }
        return .submission(
            SubmissionSession(
                virtualServer: words[0], clientAddress: address, confirmedHostName: confirmed,
                account: words.count > 1 ? Self.address("\(words[1])@school.example") : nil))
    }

    static func facts(_ via: String, client: String = "203.0.113.9", from: String = "a@far.example", to: String) -> RecipientFacts {
        var facts = Sketch.facts(to)
        facts.origin = origin(via, client: client)
        facts.reversePath = from == "<>" ? .null : .address(address(from))
        return facts
    }

    /// `550 5.7.1`, or the connectors' names.
    static func outcome(_ decision: Decision) -> String {
        if let refusal = decision.refusal { return "\(refusal.reply.code) \(refusal.status)" }
        return decision.routes.map { $0.connector.isEmpty ? "\($0.nextHop)" : $0.connector }.joined(separator: ", ")
    }
}
