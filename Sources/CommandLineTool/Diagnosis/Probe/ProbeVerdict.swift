import MailVocabulary
import NameResolution

/// What a report comes to: where delivery would end, in a sentence.
struct ProbeVerdict: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable {
        /// Nothing that was tried speaks against delivery.
        case works
        /// Mail would wait and be tried again.
        case temporary
        /// Mail would be returned or refused.
        case permanent
        /// No mail leaves the system for this domain.
        case notSent = "not_sent"
    }

    let kind: Kind
    let text: String

    init(kind: Kind, text: String) { (self.kind, self.text) = (kind, text) }

    init(_ report: ProbeReport) {
        if report.route.destinations.isEmpty {
            self.init(kind: .notSent, text: "No mail goes out to \(report.domain): \(report.route.words).")
        } else if report.sessions.isEmpty {
            self = Self.withoutHost(report)
        } else if let decisive = report.sessions.first(where: { $0.isDecisive || $0.isPassed }) ?? report.sessions.first {
            let others = report.sessions.count - 1
            if decisive.isPassed {
                let failed = report.sessions.prefix { $0.address != decisive.address || $0.port != decisive.port }.count
                let before = failed == 0 ? "" : " Before it, \(failed == 1 ? "1 address" : "\(failed) addresses") failed: see above."
                let tried = report.triesRecipient ? "" : " No recipient was tried: --from and --to do that."
                self.init(kind: .works, text: "\(decisive.name) passed every stage.\(before)\(tried)")
            } else {
                let sentence = Self.sentence(decisive)
                let rest =
                    decisive.isDecisive || others == 0
                    ? "" : others == 1 ? " The other address failed, too." : " The \(others) other addresses failed, too."
                self.init(kind: sentence.kind, text: sentence.text + rest)
            }
        } else {
            self.init(kind: .temporary, text: "Nothing was tried.")
        }
    }

    private static func withoutHost(_ report: ProbeReport) -> ProbeVerdict {
        guard let reply = report.noHost else { return ProbeVerdict(kind: .temporary, text: "No host was found in the time of the probe.") }
        // What a smart host's name lacks is for the administrator to repair; mail waits.
        let isBySmartHost = !report.route.destinations.contains { $0.place.isOfStranger }
        if reply.isPermanentFailure, !isBySmartHost {
            return ProbeVerdict(
                kind: .permanent,
                text: "Delivery ends before any connection: \(reply). Mail for \(report.domain) is returned to its sender.")
        }
        return ProbeVerdict(
            kind: .temporary,
            text: "Delivery comes to no connection: \(reply). Mail for \(report.domain) waits in the queue and is tried again.")
    }

    private static func sentence(_ session: ProbedAddress) -> ProbeVerdict {
        guard let stage = session.failure else { return ProbeVerdict(kind: .works, text: "\(session.name) passed every stage.") }
        let accepted = stage.kind == .connect ? "" : "accepted the connection and then "
        switch stage.outcome {
        case .passed: return ProbeVerdict(kind: .works, text: "\(session.name) passed every stage.")
        case .failed(let failure):
            let hint = stage.kind == .connect ? failure.hint(port: session.port) : ""
            let at = stage.kind == .connect || stage.kind == .banner ? "" : " (at \(stage.kind.rawValue))"
            return ProbeVerdict(kind: .temporary, text: "\(session.name) \(accepted)\(failure.words)\(at).\(hint)")
        case .answered(let reply):
            let isForGood = reply.isPermanentFailure && (stage.kind == .mail || stage.kind == .recipient)
            let to = stage.kind == .banner ? "in place of its banner" : "to \(stage.kind.rawValue)"
            return ProbeVerdict(
                kind: isForGood ? .permanent : .temporary,
                text: "\(session.name) \(accepted)answered \(reply) \(to): \(meaning(reply, stage.kind)).")
        }
    }

    private static func meaning(_ reply: Reply, _ kind: ProbeStage.Kind) -> String {
        switch (kind, reply.isPermanentFailure) {
        case (.recipient, false): "the recipient's system asks to come again later"
        case (.recipient, true): "the recipient's system does not take mail for this recipient from here"
        case (.mail, false): "it takes nothing from this sender now"
        case (.mail, true): "it takes nothing from this sender"
        case (.startTLS, _): "it announced STARTTLS and does not do it; delivery goes on in clear where the connector allows it"
        case (_, false): "it takes no mail from this address now"
        case (_, true): "it takes no mail from this address; the mail waits, and other hosts are tried"
        }
    }
}

extension ProbeFailure {
    fileprivate func hint(port: Int) -> String {
        switch self {
        case .silent where port == 25: " Many providers block port 25 outwards: ask yours, or use a smart host."
        default: ""
        }
    }
}

extension NextHopDestination {
    /// Whether a name from outside, and not our administrator, leads there.
    var isOfStranger: Bool {
        switch self {
        case .domain, .addressLiteral: true
        case .smartHost, .smartHostAddress: false
        }
    }
}
