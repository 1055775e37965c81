import MailVocabulary
import Topology

/// A domain that we receive mail for, as routing sees it (E22).
final class OurDomain: Sendable {
    let name: DomainName
    let isShared: Bool
    /// Where its unknown recipients go (E06).
    let unknownTo: SmartHost?
    let location: SourceLocation
    let recipientUnknown: RoutingRule
    let leadsToNobody: RoutingRule
    let nobodyYet: RoutingRule

    init(_ domain: ReceivingDomain, in installation: InstallationMark) {
        (name, isShared, location) = (domain.name, domain.isShared, domain.location)
        if case .shared(let host?) = domain.kind { unknownTo = host } else { unknownTo = nil }
        recipientUnknown = RoutingRule("1", "domains.\(domain.name)", domain.location, .recipientUnknown, of: installation)
        nobodyYet = RoutingRule("1", "domains.\(domain.name) empty", domain.location, .nobodyYet, of: installation)
        leadsToNobody = RoutingRule("1", "domains.\(domain.name) nobody", domain.location, .expansionProblem, of: installation)
    }
}
