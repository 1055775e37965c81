import MailVocabulary
import Routing
import Topology

@testable import Explanation

/// An envelope with a directory around it, as `postern explain route` is asked about one.
struct DiffQuestion: RoutingDirectory {
    typealias World = DiffWorld

    let server: String
    let client: IPAddress
    let clientName: DomainName?
    let isLoggedIn: Bool
    /// What the sender is.
    let principals: [Principal.Kind]
    let sender: EmailAddress
    /// Another address than the sender's own.
    let author: EmailAddress?
    let recipient: EmailAddress
    let recipientKinds: [Principal.Kind]
    let size: Int?
    let priority: ContentRestrictions.Priority?
    let isAutomatic: Bool?
    let down: Set<String>
    let message: QueueID

    init(_ random: inout World.Generator) {
        server = random.one(of: ["internet", "clients", "clients", "clients", "printers"])
        client = random.one(of: [0xC633_6407, 0x0A00_0001, 0x0A01_0001, 0x0A01_0203, 0xC000_0209].map { IPAddress(ipv4: $0) })
        clientName = random.chance(15) ? World.name("one.print.test") : nil
        isLoggedIn = random.chance(70)
        var kinds = World.groups.filter { _ in random.chance(30) }.map { Principal.Kind.group($0) }
        let user = random.chance(40) ? random.one(of: World.users) : nil
        if let user { kinds.append(.user(user)) }
        principals = kinds
        sender = user ?? World.address(isLoggedIn || !kinds.isEmpty ? "somebody@ours.test" : "a@stranger.test")
        author = isLoggedIn && random.chance(15) ? World.address("office@ours.test") : nil
        let local = random.one(of: ["anna", "anna", "absent", "forward", "postmaster", "carl"])
        let domain = random.one(of: ["ours.test", "second.test", "partner.test", "sub.partner.test", "far.test", "far.test"])
        recipient = World.address("\(local)@\(domain)")
        let isInGroup = local == "anna" && random.chance(50)
        let group = random.one(of: World.groups)
        // Whoever writes to himself is what he is.
        recipientKinds = recipient == sender ? kinds : recipient == World.users[0] ? [.user(recipient)] : isInGroup ? [.group(group)] : []
        size = random.one(of: [nil, nil, 500, 3000, 9000])
        priority = random.one(of: [nil, nil, .high, .normal, .low])
        isAutomatic = random.one(of: [nil, nil, true, false])
        down = Set(["general", "backup0", "partner"].filter { _ in random.chance(10) })
        message = QueueID(value: random.chance(70) ? 1 : Int64.random(in: 1...1000, using: &random))
    }

    // MARK: The directory

    private static let forwardTargets = ["far.test", "partner.test", "second.test"]
    /// Where the alias leads.
    var forwardTarget: EmailAddress { World.address("away@\(Self.forwardTargets[Int(message.value) % 3])") }

    func answer(for address: EmailAddress) -> DirectoryAnswer {
        switch address.localPart {
        case "absent", "postmaster", "away": .unknown
        case "forward": .known(KnownRecipient(outside: [.init(forwardTarget, via: address)]))
        default: .known(KnownRecipient(mailboxes: [address]))
        }
    }

    func groups(of address: EmailAddress) -> Set<AddressKey> {
        let kinds = address == recipient && address != sender ? recipientKinds : address == sender ? principals : []
        return Set(kinds.compactMap { if case .group(let group) = $0 { AddressKey(group) } else { nil } })
    }

    func ownAddresses(of account: EmailAddress) -> [EmailAddress] { [account] }

    // MARK: The answer

    /// In a line; nil where there is no such session.
    func answer(by topology: Topology, _ table: RoutingTable) -> String? {
        guard let server = topology.virtualServer(named: server), !server.isEdge || !isLoggedIn else { return nil }
        let reversePath = ReversePath.address(author ?? sender)
        let origin: MailOrigin
        if server.isEdge {
            origin = .edge(EdgeSession(virtualServer: server.name, clientAddress: client, confirmedHostName: clientName))
        } else {
            let session = SubmissionSession(
                virtualServer: server.name, clientAddress: client, confirmedHostName: clientName, account: isLoggedIn ? sender : nil)
            if let refusal = table.decideSender(session, reversePath: reversePath, directory: self).refusal {
                return "refused: \(refusal.replyWithoutCode)"
            }
            origin = .submission(session)
        }
        let facts = RecipientFacts(
            origin: origin, reversePath: reversePath, recipient: recipient, size: size, priority: priority, isAutomatic: isAutomatic,
            message: message, time: Timestamp(seconds: 0))
        let decision = table.decide(facts, states: ConnectorStates(down: down), directory: self)
        if let refusal = decision.refusal { return "refused: \(refusal.replyWithoutCode)" }
        return "accepted: "
            + decision.routes.map { ($0.connector.isEmpty ? "" : "connector \($0.connector), ") + "next hop \($0.nextHop)" }
            .joined(separator: ";")
    }
}

extension DiffQuestion: CustomStringConvertible {
    var description: String {
        "via \(server), client \(client) \(clientName.map { "\($0)" } ?? "-"), \(isLoggedIn ? "as" : "not logged in") \(sender) "
            + "\(principals.map(PrincipalClasses.word)), from \(author ?? sender), to \(recipient) "
            + "\(recipientKinds.map(PrincipalClasses.word)) (\(forwardTarget)), size \(size ?? -1) \(priority.map { "\($0)" } ?? "-") "
            + "\(isAutomatic.map { "\($0)" } ?? "-"), down \(down), message \(message.value)"
    }
}
