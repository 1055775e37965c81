import MailVocabulary
import Topology

/// A connector as routing sees it.
final class Carrier: Sendable {
    /// How it finds the next hop.
    enum Delivery: Hashable, Sendable {
        /// It is the recipient's domain.
        case dns
        /// The recipient's domain, and smart hosts behind it.
        case directFirst
        case fixed(NextHop)
    }

    /// What it does not carry (rule 4). Most connectors carry everything, and have none.
    final class Guard: Sendable {
        let byDefault: Restrictions.Default
        let acceptFrom: PrincipalSet
        let rejectFrom: PrincipalSet
        let maximumSize: ByteCount?
        let priorities: Set<ContentRestrictions.Priority>
        let types: Set<ContentRestrictions.MessageType>
        let restrictsSenders: Bool
        let restrictsContent: Bool
        let restrictionsLocation: SourceLocation
        let contentLocation: SourceLocation
        /// The connectors that these are written at, where it is another.
        let sameRestrictions, sameContent: SameAs?
        let rejected, notAccepted, tooLarge, wrongPriority, wrongType: RoutingRule

        init?(_ connector: Connector, in installation: InstallationMark) {
            let (restrictions, content) = (connector.restrictions, connector.content)
            (byDefault, acceptFrom, rejectFrom) = (
                restrictions.byDefault, PrincipalSet(restrictions.acceptFrom), PrincipalSet(restrictions.rejectFrom)
            )
            (maximumSize, priorities, types) = (content.maximumSize, content.priorities, content.types)
            restrictsSenders = byDefault == .reject || !rejectFrom.isEmpty
            let any = ContentRestrictions.none
            restrictsContent = maximumSize != nil || priorities != any.priorities || types != any.types
            guard restrictsSenders || restrictsContent else { return nil }
            (restrictionsLocation, contentLocation) = (restrictions.location, content.location)
            (sameRestrictions, sameContent) = (restrictions.sameAs, content.sameAs)
            let path = "connectors.\(connector.name)"
            func rule(_ key: String, _ location: SourceLocation, _ word: Refusal.Word = .forbidden) -> RoutingRule {
                RoutingRule("4", "\(path).\(key)", location, word, of: installation)
            }
            rejected = rule("restrictions.reject_from", restrictions.location)
            notAccepted = rule("restrictions.default", restrictions.location)
            tooLarge = rule("content.maximum_size", content.location, .tooLarge)
            wrongPriority = rule("content.priorities", content.location)
            wrongType = rule("content.types", content.location)
        }

        var refusals: [RoutingRule] {
            (restrictsSenders ? [rejected, notAccepted] : []) + (restrictsContent ? [tooLarge, wrongPriority, wrongType] : [])
        }
    }

    let name: String
    let location: SourceLocation
    /// `relay: true` (S23).
    let isOpenRelay: Bool
    let relayLocation: SourceLocation
    let delivery: Delivery
    let `guard`: Guard?
    /// nil: always open.
    let schedule: ConnectorSchedule?

    init(_ connector: Connector, in installation: InstallationMark) {
        (name, location) = (connector.name, connector.location)
        (isOpenRelay, relayLocation) = (connector.relay, connector.relayLocation)
        delivery =
            switch connector.deliver {
            case .dns: .dns
            case .smartHosts(_, directFirst: true): .directFirst
            case .smartHosts: .fixed(.smartHosts(connector: connector.name))
            case .maildir: .fixed(.maildir(connector: connector.name))
            case .lmtp: .fixed(.lmtp(connector: connector.name))
            case .held: .fixed(.held(connector: connector.name))
            }
        self.guard = Guard(connector, in: installation)
        let schedule = connector.schedule
        self.schedule = schedule.times == .always && schedule.oversize == nil ? nil : schedule
    }

    func nextHop(for domain: MailDomain) -> NextHop {
        switch (delivery, domain) {
        case (.fixed(let hop), _): hop
        case (.directFirst, _): .directFirst(domain)
        case (.dns, .name(let name)): .domain(name)
        case (.dns, .literal(let address)): .address(address)
        }
    }
}
