import MailVocabulary
import Topology

/// One step of a decision: which rule, where the configuration says so, what was found, what follows.
public struct DecisionStep: Hashable, Sendable {
    /// Where in the configuration the reason stands; nil where nothing in it is the reason.
    public let location: SourceLocation?
    public let finding: Finding

    init(finding: Finding, location: SourceLocation?) { (self.finding, self.location) = (finding, location) }

    /// What a step found. The cases stand in the order of the rules.
    public enum Finding: Hashable, Sendable {
        // Rule 1: ours or not.
        case ours(DomainName, isShared: Bool)
        case notOurs(MailDomain)
        case mailbox(EmailAddress)
        case followed(KnownRecipient.Step)
        case forwarded(KnownRecipient.Outside)
        /// In a shared domain, and not in the directory.
        case continuesElsewhere(EmailAddress)
        case unknown(EmailAddress)
        /// A target that gets nothing, in words.
        case leftOut(String)
        case leadsToNobody(EmailAddress)

        // Rule 2: relay.
        case ownReport
        case relayPermitted(connectors: [String])
        case relayDenied(covering: [String])

        // Rule 3: covering connectors.
        case covered(MailDomain, space: String, connectors: [String])

        // Rule 5: choice.
        case down(connector: String)
        case allDown(waitsFor: String)
        case chosen(connector: String, Choice, NextHop)

        // Rule 6: none left.
        case notCovered(MailDomain)

        // A delivery attempt (the last paragraph of rule 6).
        case decidedAgain(EmailAddress)
        case connectorVanished(String)
        case routeChanged(from: String, to: String)
    }

    /// Why rule 5 took a connector.
    public enum Choice: Hashable, Sendable {
        case only
        case lowestCost(Int)
        /// One of so many equals, by the hash of the message id.
        case spread(among: Int)
        /// Those before it are down.
        case nextInOrder
    }

    /// What follows from a step.
    public enum Outcome: Hashable, Sendable {
        /// The next rule is asked.
        case goesOn
        case permitted
        /// This target gets nothing; the others do.
        case leftOut
        case routed
        case refused(Reply)
    }
}

extension DecisionStep {
    /// The rule of "The decision, exactly".
    public var rule: String {
        switch finding {
        case .ours, .notOurs, .mailbox, .followed, .forwarded, .continuesElsewhere, .unknown, .leftOut, .leadsToNobody: "1"
        case .ownReport, .relayDenied: "2"
        case .relayPermitted: "2a"
        case .covered: "3"
        case .down, .allDown, .chosen: "5"
        case .notCovered, .decidedAgain, .connectorVanished, .routeChanged: "6"
        }
    }

    /// The rows of the reference that the step acts by.
    public var rows: [String] {
        switch finding {
        case .ours, .notOurs, .continuesElsewhere, .unknown: ["E22"]
        case .relayPermitted: ["S23"]
        case .relayDenied: ["S17", "S23"]
        case .covered, .notCovered, .down, .allDown: ["S22"]
        case .chosen(_, _, let nextHop):
            switch nextHop {
            case .domain, .address, .smartHosts: ["S22", "S25"]
            case .held: ["S22", "S29"]
            case .maildir, .lmtp: ["S22"]
            }
        default: []
        }
    }

    public var outcome: Outcome {
        switch finding {
        case .unknown: .refused(Refusal.recipientUnknown)
        case .leadsToNobody: .refused(Refusal.expansionProblem)
        case .relayDenied: .refused(Refusal.relayingDenied)
        case .notCovered: .refused(Refusal.noRoute)
        case .ownReport, .relayPermitted: .permitted
        case .leftOut: .leftOut
        case .chosen: .routed
        default: .goesOn
        }
    }

    /// The step in plain words.
    public var text: String {
        switch finding {
        case .ours(let domain, let isShared):
            isShared
                ? "\(domain) is one of our domains, shared with another system" : "\(domain) is one of our domains, and authoritative"
        case .notOurs(let domain): "\(domain) is none of our domains"
        case .mailbox(let address): "\(address) is a mailbox"
        case .followed(let step): Self.text(step)
        case .forwarded(let outside): "\(outside.via) is a forward to \(outside.address): it needs no relay permission"
        case .continuesElsewhere(let address):
            "\(address) is not in the directory, but its domain is shared: it goes on by routing, without relay permission"
        case .unknown(let address): "\(address) is not in the directory"
        case .leftOut(let reason): "left out: \(reason)"
        case .leadsToNobody(let address): "\(address) leads to nobody"
        case .ownReport: "a report of our own needs no relay permission"
        case .relayPermitted(let connectors): "relay is open to everyone over \(Self.list(connectors)), and over nothing else here"
        case .relayDenied(let covering):
            covering.isEmpty
                ? "an edge server relays for nobody, and no connector covers the domain"
                : "an edge server relays for nobody, and `relay: true` is not set for what covers the domain: \(Self.list(covering))"
        case .covered(let domain, let space, let connectors):
            "the most specific address space for \(domain) is `\(space)`, of \(Self.list(connectors))"
        case .down(let connector): "connector \(connector) is down and gives way"
        case .allDown(let connector): "every connector is down: the mail waits for \(connector)"
        case .chosen(let connector, let choice, let nextHop): "connector \(connector)\(Self.text(choice)), next hop \(nextHop)"
        case .notCovered(let domain): "no connector has an address space that covers \(domain)"
        case .decidedAgain(let address): "decided again for a delivery attempt to \(address)"
        case .connectorVanished(let connector): "connector \(connector), which had it so far, no longer exists"
        case .routeChanged(let old, let new): "it leaves \(old) for \(new)"
        }
    }

    private static func text(_ step: KnownRecipient.Step) -> String {
        let via = step.via.map { " (by way of \($0))" } ?? ""
        return switch step.kind {
        case .alias: "\(step.address)\(via) is an alias for \(step.count == 1 ? "one address" : "\(step.count) addresses")"
        case .group: "\(step.address)\(via) is a group of \(step.count == 1 ? "one member" : "\(step.count) members")"
        }
    }

    private static func text(_ choice: Choice) -> String {
        switch choice {
        case .only: ", the only one"
        case .lowestCost(let cost): " has the lowest cost, \(cost)"
        case .spread(let count): ", one of \(count) equals, by the hash of the message id"
        case .nextInOrder: " is the next in the order of cost"
        }
    }

    private static func list(_ connectors: [String]) -> String {
        connectors.count == 1 ? "connector \(connectors[0])" : "connectors " + connectors.joined(separator: ", ")
    }
}

extension DecisionStep: CustomStringConvertible {
    /// `rule 2a (S23)  postern.yaml:12:5  relay is open … → permitted`.
    public var description: String {
        let rows = rows.isEmpty ? "" : " (\(rows.joined(separator: ", ")))"
        let place = location.map { " \($0):" } ?? ""
        return "rule \(rule)\(rows):\(place) \(text)\(outcome.suffix)"
    }
}

extension DecisionStep.Outcome {
    fileprivate var suffix: String {
        switch self {
        case .goesOn, .leftOut, .routed: ""
        case .permitted: " → permitted"
        case .refused(let reply): " → \(reply)"
        }
    }
}
