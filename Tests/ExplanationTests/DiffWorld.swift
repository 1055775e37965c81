import MailVocabulary
import Topology

/// Configurations made at random, of few names, so that two of them mostly differ in what they do with these.
enum DiffWorld {
    /// SplitMix64: the same on every machine.
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        /// Long lists and many kinds of restrictions at once: there are many classes of mail then, and few such pairs are gone through.
        var isRich = true

        init(state: UInt64) { self.state = state }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
        mutating func one<Element>(of elements: [Element]) -> Element { elements[Int.random(in: 0..<elements.count, using: &self)] }
        mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
        mutating func chance(rich: Int, poor: Int) -> Bool { chance(isRich ? rich : poor) }
    }

    static func address(_ text: String) -> EmailAddress {
        guard let address = EmailAddress(parsing: text) else { preconditionFailure("\(text) is an address") }
        return address
    }

    static func name(_ text: String) -> DomainName {
        guard let name = DomainName(parsing: text) else { preconditionFailure("\(text) is a domain") }
        return name
    }

    static let users = ["carl", "dora"].map { address("\($0)@ours.test") }
    static let groups = ["staff", "students", "guests"].map { address("\($0)@ours.test") }
    static let kinds: [Principal.Kind] = users.map { .user($0) } + groups.map { .group($0) }
    static let computers = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.0.2.0/24"]
    static let sizes = [nil, ByteCount(1000), ByteCount(5000)]

    /// Each at a line of its own, so that rules are told apart.
    static func principals(_ random: inout Generator, most: Int) -> [Principal] {
        kinds.shuffled(using: &random).prefix(Int.random(in: 0...(random.isRich ? most : 1), using: &random)).map {
            Principal($0, location: place(&random))
        }
    }

    static func place(_ random: inout Generator) -> SourceLocation {
        SourceLocation(file: "f", line: Int.random(in: 1...9999, using: &random), column: 1)
    }

    // MARK: Servers

    static func servers(_ random: inout Generator) -> [VirtualServer] {
        var servers = [VirtualServer(name: "internet", location: place(&random), listeners: []), submission("clients", &random)]
        if random.chance(20) { servers.append(submission("printers", &random)) }
        if random.chance(5) { servers[0] = submission("internet", &random) }
        return servers
    }

    private static func submission(_ name: String, _ random: inout Generator) -> VirtualServer {
        let accounts: RelayPermissions.Accounts =
            switch Int.random(in: 0..<5, using: &random) {
            case 0: .all
            case 1: .none
            default: .listed(grant: principals(&random, most: 2), deny: principals(&random, most: 2))
            }
        func list() -> HostList {
            var entries = computers.shuffled(using: &random).prefix(Int.random(in: 0...2, using: &random)).compactMap {
                Subnet(parsing: $0).map { HostEntry(.subnet($0)) }
            }
            if random.chance(30) { entries.append(HostEntry(.below(Self.name("print.test")))) }
            return random.chance(90) ? .only(entries) : .allExcept(entries)
        }
        return VirtualServer(
            name: name, location: place(&random),
            role: .submission(
                SubmissionSettings(
                    authentication: AuthenticationMethods(anonymous: random.chance(30), basic: .init()),
                    relay: RelayPermissions(
                        accounts: accounts, computers: random.chance(rich: 50, poor: 20) ? list() : .nobody,
                        accountsLocation: place(&random),
                        computersLocation: place(&random)))), listeners: [])
    }

    // MARK: Connectors

    static func connectors(_ random: inout Generator) -> [Connector] {
        var connectors = [
            Connector(
                name: "mailboxes", location: place(&random),
                addressSpaces: [AddressSpace(.exact(name("ours.test"))), AddressSpace(.exact(name("second.test")))],
                deliver: .maildir(pathTemplate: "/m/{user}"), restrictions: random.chance(20) ? restrictions(&random) : .none),
            connector("general", [.any], &random),
        ]
        for number in 0..<2 where random.chance(rich: 40, poor: 20) { connectors.append(connector("backup\(number)", [.any], &random)) }
        if random.chance(60) {
            let spaces: [[AddressSpace.Pattern]] = [
                [.exact(name("partner.test"))], [.below(name("partner.test"))],
                [.exact(name("partner.test")), .below(name("partner.test"))],
            ]
            connectors.append(connector("partner", random.one(of: spaces), &random))
        }
        if random.chance(20) { connectors.append(connector("second", [.exact(name("second.test"))], &random)) }
        return connectors.count > 2 && random.chance(20) ? [connectors[0]] + connectors.dropFirst().reversed() : connectors
    }

    private static func connector(_ name: String, _ patterns: [AddressSpace.Pattern], _ random: inout Generator) -> Connector {
        let window = WeeklyWindow(start: 420, end: 1140)
        let place = place(&random)
        return Connector(
            name: name, location: place,
            addressSpaces: patterns.map {
                AddressSpace($0, cost: Int.random(in: 1...2, using: &random), location: Self.place(&random))
            },
            deliver: random.chance(60) ? .dns : .smartHosts([], directFirst: random.chance(30)), relay: random.chance(15),
            restrictions: random.chance(rich: 50, poor: 30) ? restrictions(&random) : .none,
            content: random.chance(rich: 40, poor: 15) ? content(&random) : .none,
            schedule: random.chance(20) ? ConnectorSchedule(times: .at([window]), location: place) : .always)
    }

    private static func restrictions(_ random: inout Generator) -> Restrictions {
        Restrictions(
            byDefault: random.chance(70) ? .accept : .reject, acceptFrom: principals(&random, most: 2),
            rejectFrom: principals(&random, most: 2), location: place(&random))
    }

    private static func content(_ random: inout Generator) -> ContentRestrictions {
        ContentRestrictions(
            maximumSize: random.one(of: sizes), priorities: random.chance(70) ? [.high, .normal, .low] : [.high, .normal],
            types: random.chance(80) ? [.system, .nonSystem] : [.nonSystem], location: place(&random))
    }

    // MARK: The rest

    static func permissions(_ random: inout Generator) -> Permissions {
        var (receive, sendAs): ([Permissions.Receive], [Permissions.SendAs]) = ([], [])
        for _ in 0..<2 where random.chance(30) {
            receive.append(
                Permissions.Receive(
                    recipients: [Principal(random.one(of: kinds))],
                    senders: random.chance(40) ? .authenticated : .listed(principals(&random, most: 2)), location: place(&random)))
        }
        for _ in 0..<2 where random.chance(30) {
            sendAs.append(
                Permissions.SendAs(
                    accounts: principals(&random, most: 2), addresses: [address("office@ours.test")], location: place(&random)))
        }
        return Permissions(receive: receive, sendAs: sendAs)
    }

    static func domains(_ random: inout Generator) -> [ReceivingDomain] {
        let ours = ReceivingDomain(name: name("ours.test"), location: place(&random))
        let host = SmartHost(host: .name(name("other.test")))
        let kinds: [ReceivingDomain.Kind] = [.authoritative, .shared(unknownTo: nil), .shared(unknownTo: host)]
        return random.chance(50)
            ? [ours] : [ours, ReceivingDomain(name: name("second.test"), kind: random.one(of: kinds), location: place(&random))]
    }

    static func topology(_ random: inout Generator) -> Topology {
        let postmaster = random.chance(50) ? Postmaster(address("carl@ours.test"), location: place(&random)) : nil
        return Topology(
            hostname: name("mx.ours.test"), defaultDomain: name("ours.test"), domains: domains(&random), postmaster: postmaster,
            permissions: permissions(&random), virtualServers: servers(&random), connectors: connectors(&random))
    }

    /// A configuration and what somebody made of it: one part of it, or several, from another.
    static func pair(_ random: inout Generator) -> (old: Topology, new: Topology) {
        random.isRich = random.chance(10)
        let (old, other) = (topology(&random), topology(&random))
        let all = random.chance(15)
        let part = Int.random(in: 0..<5, using: &random)
        func takes(_ number: Int) -> Bool { all || part == number }
        var connectors = takes(2) ? other.connectors : old.connectors
        if part == 3, !all, let index = connectors.indices.randomElement(using: &random),
            let replacement = other.connector(named: connectors[index].name)
        {
            connectors[index] = replacement
        }
        return (
            old,
            Topology(
                hostname: old.hostname, defaultDomain: old.defaultDomain, domains: Array((takes(4) ? other : old).domains.values),
                postmaster: takes(4) ? other.postmaster : old.postmaster, permissions: takes(0) ? other.permissions : old.permissions,
                virtualServers: takes(1) ? other.virtualServers : old.virtualServers, connectors: connectors)
        )
    }
}
