import MailVocabulary
import Routing
import Testing
import Topology

@testable import Explanation

/// The difference looks at classes; here, everybody there could be writes to everybody, under both configurations.
@Suite("What postern diff finds is what brute force finds")
struct DiffPropertyTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    private static func address(_ text: String) -> EmailAddress {
        guard let address = EmailAddress(parsing: text) else { preconditionFailure("\(text) is an address") }
        return address
    }

    private static func name(_ text: String) -> DomainName {
        guard let name = DomainName(parsing: text) else { preconditionFailure("\(text) is a domain") }
        return name
    }

    private static let users = ["u1", "u2"].map { address("\($0)@ours.test") }
    private static let groups = ["g1", "g2", "g3"].map { address("\($0)@ours.test") }
    /// Aliases that lead outside.
    fileprivate static let forwards = [
        address("to-partner@ours.test"): address("x@partner.test"), address("to-far@ours.test"): address("x@far.test"),
    ]
    private static let kinds: [Principal.Kind] = users.map { .user($0) } + groups.map { .group($0) }

    private static func principals(_ generator: inout Generator, most: Int) -> [Principal] {
        kinds.shuffled(using: &generator).prefix(Int.random(in: 0...most, using: &generator)).map { Principal($0) }
    }

    private static func topology(_ generator: inout Generator) -> Topology {
        let grant = principals(&generator, most: 2)
        let accounts: RelayPermissions.Accounts =
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: .all
            case 1: .none
            default: .listed(grant: grant, deny: principals(&generator, most: 1))
            }
        func restrictions() -> Restrictions {
            Restrictions(
                byDefault: Bool.random(using: &generator) ? .accept : .reject, acceptFrom: principals(&generator, most: 2),
                rejectFrom: principals(&generator, most: 1))
        }
        let receive: [Permissions.Receive] =
            Bool.random(using: &generator)
            ? []
            : [
                Permissions.Receive(
                    recipients: [Principal(kinds.randomElement(using: &generator) ?? kinds[0])],
                    senders: Bool.random(using: &generator) ? .authenticated : .listed(principals(&generator, most: 2)))
            ]
        return Topology(
            hostname: name("mx.ours.test"), domains: [ReceivingDomain(name: name("ours.test"), kind: .authoritative)],
            permissions: Permissions(receive: receive),
            virtualServers: [
                VirtualServer(name: "internet", listeners: []),
                VirtualServer(
                    name: "clients",
                    role: .submission(
                        SubmissionSettings(
                            authentication: AuthenticationMethods(anonymous: false, basic: .init()),
                            relay: RelayPermissions(accounts: accounts))),
                    listeners: []),
            ],
            connectors: [
                Connector(
                    name: "mailboxes", addressSpaces: [AddressSpace(.exact(name("ours.test")))],
                    deliver: .maildir(pathTemplate: "/m/{user}")),
                Connector(
                    name: "partner", addressSpaces: [AddressSpace(.exact(name("partner.test")))], deliver: .dns,
                    restrictions: restrictions()),
                Connector(name: "general", addressSpaces: [AddressSpace(.any)], deliver: .dns, restrictions: restrictions()),
            ])
    }

    /// Everybody is known, and in these groups.
    private struct Everybody: RoutingDirectory {
        var groups: [AddressKey: Set<AddressKey>]
        func answer(for recipient: EmailAddress) -> DirectoryAnswer {
            guard let target = DiffPropertyTests.forwards[recipient] else { return .known(KnownRecipient(mailboxes: [recipient])) }
            return .known(KnownRecipient(outside: [.init(target, via: recipient)]))
        }
        func groups(of address: EmailAddress) -> Set<AddressKey> { groups[AddressKey(address)] ?? [] }
        func ownAddresses(of account: EmailAddress) -> [EmailAddress] { [account] }
    }

    /// What becomes of mail of each user or another one, in any of the groups, to a member of one group or to a domain.
    private static func outcomes(_ topology: Topology) -> [String] {
        let table = RoutingTable(topology)
        var outcomes: [String] = []
        let members = groups.map { address("member-\($0.localPart)@ours.test") }
        let client = IPAddress(ipv4: 0xC633_6407)
        for sender in users + [address("other@ours.test")] {
            for mask in 0..<(1 << groups.count) {
                let own = Set(groups.indices.filter { mask & (1 << $0) != 0 }.map { AddressKey(groups[$0]) })
                var directory = Everybody(groups: [AddressKey(sender): own])
                for (member, group) in zip(members, groups) { directory.groups[AddressKey(member)] = [AddressKey(group)] }
                let recipients =
                    members + users + [address("x@ours.test"), address("x@partner.test"), address("x@far.test")]
                    + forwards.keys
                    .sorted { "\($0)" < "\($1)" }
                for recipient in recipients where recipient != sender {
                    for origin in [
                        MailOrigin.submission(SubmissionSession(virtualServer: "clients", clientAddress: client, account: sender)),
                        .edge(EdgeSession(virtualServer: "internet", clientAddress: client)),
                    ] {
                        let facts = RecipientFacts(
                            origin: origin, reversePath: .address(sender), recipient: recipient, message: QueueID(value: 1),
                            time: Timestamp(seconds: 0))
                        let decision = table.decide(facts, directory: directory)
                        outcomes.append(
                            decision.refusal?.replyWithoutCode
                                ?? decision.routes.map { "\($0.connector) \($0.nextHop)" }.joined(separator: ";"))
                    }
                }
            }
        }
        return outcomes
    }

    @Test("for thousands of pairs, that differ in one rule or in all", arguments: 0..<20 as Range<UInt64>)
    func same(block: UInt64) throws {
        var seen: [Bool: Int] = [:]
        for seed in 0..<60 as Range<UInt64> {
            var generator = Generator(state: block * 1000 + seed)
            let (old, other) = (Self.topology(&generator), Self.topology(&generator))
            // One part of the other in the old, all, or none.
            let parts = Int.random(in: 0..<6, using: &generator)
            let new = Topology(
                hostname: old.hostname, domains: Array(old.domains.values),
                permissions: parts == 3 || parts == 4 ? other.permissions : old.permissions,
                virtualServers: parts == 0 || parts == 4 ? other.virtualServers : old.virtualServers,
                connectors: [
                    old.connectors[0], parts == 1 || parts == 4 ? other.connectors[1] : old.connectors[1],
                    parts == 2 || parts == 4 ? other.connectors[2] : old.connectors[2],
                ])
            let differs = Self.outcomes(old) != Self.outcomes(new)
            let found = try TopologyDiff(from: old, to: new, now: Timestamp(seconds: 0)).changes
            #expect(found.isEmpty == !differs, "seed \(block * 1000 + seed): \(found)\n\(old)\n\(new)")
            seen[differs, default: 0] += 1
        }
        #expect((seen[true] ?? 0) > 5 && (seen[false] ?? 0) > 5, "\(seen)")
    }
}
