import Glibc
import MailVocabulary
import Routing
import Topology

/// Decisions per second of processor time, with 1,000 connectors and 10,000 address spaces.
///
/// Each decision has its trace; nobody reads its words, as with live mail.
@main
enum RoutingBench {
    static func main() {
        let table = RoutingTable(topology)
        for (name, facts) in cases { measure(name, table, facts) }
    }

    private static func measure(_ name: String, _ table: RoutingTable, _ facts: [RecipientFacts]) {
        let directory = BenchDirectory()
        var steps = 0
        var count = 0
        // Whoever else uses the machine counts for nothing.
        let start = clock()
        while clock() - start < 2 * CLOCKS_PER_SEC {
            for one in facts { steps &+= table.decide(one, directory: directory).trace.steps.count }
            count += facts.count
        }
        let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
        print("\(name): \(Int(Double(count) / seconds)) decisions/s, \(steps / count) steps each")
    }

    // MARK: The world

    private static func name(_ text: String) -> DomainName {
        guard let name = DomainName(parsing: text) else { preconditionFailure("\(text) is a domain name") }
        return name
    }

    private static func address(_ text: String) -> EmailAddress {
        guard let address = EmailAddress(parsing: text) else { preconditionFailure("\(text) is an address") }
        return address
    }

    private static let topology = Topology(
        hostname: name("mail.ours.example"), domains: [ReceivingDomain(name: name("ours.example"))],
        permissions: Permissions(receive: [
            .init(recipients: [Principal(.group(address("students@ours.example")))], senders: .authenticated)
        ]),
        virtualServers: [
            VirtualServer(name: "internet", listeners: []),
            VirtualServer(
                name: "clients",
                role: .submission(
                    SubmissionSettings(
                        relay: RelayPermissions(
                            accounts: .listed(
                                grant: [Principal(.group(address("staff@ours.example")))],
                                deny: [Principal(.group(address("students@ours.example")))])))), listeners: []),
        ],
        connectors: (0..<999).map { number in
            Connector(
                name: "connector-\(number)",
                addressSpaces: (0..<10).map { space in
                    let domain = name("d\(space).customer\(number).example")
                    return AddressSpace(space % 2 == 0 ? .exact(domain) : .below(domain))
                }, deliver: .smartHosts([], directFirst: false), relay: number % 2 == 0,
                restrictions: Restrictions(rejectFrom: [Principal(.group(address("students@ours.example")))]),
                content: ContentRestrictions(maximumSize: .mebibytes(10)))
        } + [
            Connector(name: "mailboxes", addressSpaces: [AddressSpace(.exact(name("ours.example")))], deliver: .lmtp(.unix(path: "/lmtp"))),
            Connector(name: "general", addressSpaces: [AddressSpace(.any)], deliver: .dns),
        ])

    private static let edge = MailOrigin.edge(EdgeSession(virtualServer: "internet", clientAddress: IPAddress(ipv4: 0xCB00_7109)))
    private static let client = MailOrigin.submission(
        SubmissionSession(virtualServer: "clients", clientAddress: IPAddress(ipv4: 0xCB00_7109), account: address("anna@ours.example")))

    private static func facts(_ origin: MailOrigin, _ recipient: String, _ number: Int) -> RecipientFacts {
        RecipientFacts(
            origin: origin, reversePath: .address(address("anna@ours.example")), recipient: address(recipient), size: 4096,
            message: QueueID(value: Int64(number)), time: Timestamp(seconds: 1_795_489_620))
    }

    private static let cases: [(String, [RecipientFacts])] = [
        ("edge to a mailbox of ours", (0..<1000).map { facts(edge, "user\($0)@ours.example", $0) }),
        ("edge to an open space", (0..<1000).map { facts(edge, "x@a.d1.customer\($0 / 2 * 2 % 999).example", $0) }),
        ("edge, refused", (0..<1000).map { facts(edge, "x@far\($0).example", $0) }),
        ("client to a connector with restrictions", (0..<1000).map { facts(client, "x@d0.customer\($0 % 999).example", $0) }),
        ("client to the general route", (0..<1000).map { facts(client, "x@far\($0).example", $0) }),
    ]
}

/// Answers at once, as the core's cache does.
private struct BenchDirectory: RoutingDirectory {
    private let staff: Set<AddressKey> = {
        guard let staff = EmailAddress(parsing: "staff@ours.example") else { preconditionFailure("an address") }
        return [AddressKey(staff)]
    }()

    func answer(for recipient: EmailAddress) -> DirectoryAnswer { .known(KnownRecipient(mailboxes: [recipient])) }
    func groups(of address: EmailAddress) -> Set<AddressKey> { staff }
    func ownAddresses(of account: EmailAddress) -> [EmailAddress] { [account] }
}
