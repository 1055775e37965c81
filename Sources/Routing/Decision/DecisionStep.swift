import MailVocabulary
import Topology

/// One step of a decision: which rule, where the configuration says so, what was found, what follows.
public struct DecisionStep: Hashable, Sendable {
    /// Where in the configuration the reason stands; nil where nothing in it is the reason.
    public let location: SourceLocation?
    public let finding: Finding
    private let refusal: Refusal?

    init(finding: Finding, location: SourceLocation?, refusal: Refusal?) {
        (self.finding, self.location, self.refusal) = (finding, location, refusal)
    }

    /// What follows from a step.
    public enum Outcome: Hashable, Sendable {
        /// The next rule is asked.
        case goesOn
        case permitted
        /// This target gets nothing; the others do.
        case leftOut
        case routed
        case refused(Refusal)
    }

    public var outcome: Outcome {
        switch finding {
        case .leftOut, .memberMayNotBeWrittenTo: return .leftOut
        default: break
        }
        if let refusal { return .refused(refusal) }
        switch finding {
        case .loggedIn, .anonymousPermitted, .senderOfNobody, .nullSender, .ownAddress, .mayUseAddress, .ownReport, .relayPermitted,
            .accountMayRelay, .computerMayRelay, .mayBeWrittenTo, .accepted, .reportPasses:
            return .permitted
        case .chosen, .continuesAt, .held, .scheduleOpen, .contentUnrestricted, .routeChanged: return .routed
        default: return .goesOn
        }
    }

    /// The rule of "The decision, exactly".
    public var rule: String {
        switch finding {
        case .loggedIn, .anonymousPermitted, .loginRequired, .noSuchServer, .senderOfNobody, .nullSender, .ownAddress, .notOwnAddress,
            .mayUseAddress, .mayNotUseAddress, .authorUnreadable:
            "0"
        case .ours, .notOurs, .domainReplaced, .caughtAll, .mailbox, .followed, .forwarded, .postmaster, .continuesElsewhere, .continuesAt,
            .unknown, .nobodyYet,
            .leftOut,
            .leadsToNobody,
            .mayBeWrittenTo, .mayNotBeWrittenTo, .memberMayNotBeWrittenTo, .nobodyLeft:
            "1"
        case .ownReport, .relayDenied: "2"
        case .relayPermitted: "2a"
        case .nobodyLoggedIn, .accountMayRelay, .accountMayNotRelay: "2b"
        case .computerMayRelay, .computerMayNotRelay, .computerNeedsLogin: "2c"
        case .covered: "3"
        case .sameRestrictions, .sameContent, .accepted, .reportPasses, .forbidden, .scheduleOpen, .held: "4"
        case .down, .allDown, .chosen: "5"
        case .allForbid, .notCovered, .contentUnrestricted, .decidedAgain, .connectorVanished, .routeChanged: "6"
        }
    }

    /// The rows of the reference that the step acts by.
    public var rows: [String] {
        switch finding {
        case .anonymousPermitted, .loginRequired: ["S08"]
        case .ours, .notOurs, .domainReplaced, .caughtAll, .continuesElsewhere, .unknown, .nobodyYet: ["E22"]
        case .continuesAt: ["E06"]
        case .mayBeWrittenTo, .mayNotBeWrittenTo, .memberMayNotBeWrittenTo: ["S33"]
        case .accountMayRelay(_, by: nil): ["S18"]
        case .accountMayRelay, .accountMayNotRelay: ["S19"]
        case .computerMayRelay, .computerMayNotRelay, .computerNeedsLogin: ["S17"]
        case .relayPermitted: ["S23"]
        case .relayDenied: ["S17", "S23"]
        case .covered, .notCovered, .down, .allDown: ["S22"]
        case .sameRestrictions, .accepted, .reportPasses, .forbidden(_, .rejected), .forbidden(_, .notAccepted): ["S24"]
        case .sameContent, .forbidden: ["E15"]
        case .allForbid(_, let isForSize): isForSize ? ["E15"] : ["S24", "E15"]
        case .scheduleOpen, .held: ["E14"]
        case .chosen(_, _, let nextHop):
            switch nextHop {
            case .domain, .address, .smartHosts: ["S22", "S25"]
            case .directFirst: ["S22", "E13"]
            case .held: ["S22", "S29"]
            case .maildir, .lmtp, .unknownTo: ["S22"]
            }
        default: []
        }
    }
}

extension DecisionStep: CustomStringConvertible {
    /// `rule 2a (S23): postern.yaml:12:5: relay is open … → permitted`.
    public var description: String {
        let place = location.map { " \($0):" } ?? ""
        return "\(heading):\(place) \(text)\(outcome.suffix)"
    }

    /// `rule 2a (S23)`.
    var heading: String { rows.isEmpty ? "rule \(rule)" : "rule \(rule) (\(rows.joined(separator: ", ")))" }
}

extension DecisionStep.Outcome {
    var suffix: String {
        switch self {
        case .goesOn, .leftOut, .routed: ""
        case .permitted: " → permitted"
        case .refused(let refusal): " → \(refusal)"
        }
    }
}
