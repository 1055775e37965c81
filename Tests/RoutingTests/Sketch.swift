import MailVocabulary
import Topology

@testable import Routing

/// A topology in few words.
struct Sketch: Sendable {
    enum Kind: CaseIterable, Sendable {
        case dns, smartHosts, maildir, lmtp, held

        var method: DeliveryMethod {
            switch self {
            case .dns: .dns
            case .smartHosts: .smartHosts([], directFirst: false)
            case .maildir: .maildir(pathTemplate: "/var/mail/{domain}/{user}")
            case .lmtp: .lmtp(.unix(path: "/run/lmtp"))
            case .held: .held(HoldFor(accounts: []))
            }
        }
    }

    struct Outline: Sendable {
        let name: String
        let spaces: [String]
        let kind: Kind
        let relay: Bool
        let cost: Int

        init(_ name: String, _ spaces: [String], _ kind: Kind, relay: Bool = false, cost: Int = 1) {
            (self.name, self.spaces, self.kind, self.relay, self.cost) = (name, spaces, kind, relay, cost)
        }
    }

    /// Whether each is shared.
    var domains: [String: Bool] = [:]
    var connectors: [Outline]

    static func name(_ text: String) -> DomainName {
        guard let name = DomainName(parsing: text) else { preconditionFailure("\(text) is a domain name") }
        return name
    }

    static func address(_ text: String) -> EmailAddress {
        guard let address = EmailAddress(parsing: text) else { preconditionFailure("\(text) is an address") }
        return address
    }

    static func facts(_ recipient: String, message: Int64 = 1) -> RecipientFacts {
        RecipientFacts(
            origin: .edge(EdgeSession(virtualServer: "internet", clientAddress: IPAddress(ipv4: 0xC000_0201))),
            reversePath: .address(address("alice@home.example")), recipient: address(recipient), size: 1000,
            message: QueueID(value: message),
            time: Timestamp(seconds: 1_795_489_620))
    }

    var table: RoutingTable { RoutingTable(topology) }

    var topology: Topology {
        Topology(
            hostname: Self.name("mail.ours.example"),
            domains: domains.map { name, isShared in
                ReceivingDomain(
                    name: Self.name(name), kind: isShared ? .shared(unknownTo: nil) : .authoritative, location: domainLocation(name))
            },
            connectors: connectors.enumerated().map { index, connector in
                Connector(
                    name: connector.name, location: Self.connectorLocation(index),
                    addressSpaces: connector.spaces.enumerated().map { number, space in
                        guard let pattern = AddressSpace.Pattern(parsing: space) else {
                            preconditionFailure("\(space) is an address space")
                        }
                        return AddressSpace(pattern, cost: connector.cost, location: Self.spaceLocation(index, number))
                    },
                    deliver: connector.kind.method, relay: connector.relay, relayLocation: Self.relayLocation(index))
            })
    }

    func domainLocation(_ name: String) -> SourceLocation {
        SourceLocation(file: "postern.yaml", line: 10 + (domains.keys.sorted().firstIndex(of: name) ?? 0), column: 3)
    }

    static func connectorLocation(_ index: Int) -> SourceLocation {
        SourceLocation(file: "postern.yaml", line: 100 + 10 * index, column: 3)
    }

    static func spaceLocation(_ index: Int, _ number: Int) -> SourceLocation {
        SourceLocation(file: "postern.yaml", line: 101 + 10 * index, column: 22 + 20 * number)
    }

    static func relayLocation(_ index: Int) -> SourceLocation { SourceLocation(file: "postern.yaml", line: 103 + 10 * index, column: 5) }

    /// Puts the places of the sketch for `DOMAIN-name`, `CONNECTOR-index`, `RELAY-index` and `SPACE-index-number`.
    func resolvingPlaces(in text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word -> String in
            let parts = word.split(separator: "-").map(String.init)
            switch parts.first {
            case "DOMAIN"?: return "\(domainLocation(parts[1])):"
            case "CONNECTOR"?: return "\(Self.connectorLocation(Int(parts[1]) ?? 0)):"
            case "RELAY"?: return "\(Self.relayLocation(Int(parts[1]) ?? 0)):"
            case "SPACE"?: return "\(Self.spaceLocation(Int(parts[1]) ?? 0, Int(parts[2]) ?? 0)):"
            default: return String(word)
            }
        }.joined(separator: " ")
    }
}
