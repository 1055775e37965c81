import Directory
import MailVocabulary
import Topology

/// Whom a report names for help.
extension Core {
    /// Domains that are asked for a postmaster, at most.
    private static let mostDomains = 10

    /// `postmaster@` a domain of ours whose mail reaches somebody: of the default domain, where that is one of ours, otherwise of another one. nil
    /// where there is none: a report names nobody who does not exist.
    var postmasterForHelp: EmailAddress? {
        let first = topology.postmasterDomain
        let others = topology.domains.keys.filter { $0 != first }.sorted()
        for domain in [first] + others.prefix(Self.mostDomains - 1) where topology.receives(domain) {
            guard let address = EmailAddress(localPart: "postmaster", domain: .name(domain)) else { continue }
            do throws(DirectoryError) {
                if try reachesSomebody(address) { return address }
            } catch {
                log.error("the directory cannot be read", metadata: ["to": "\(address)", "error": "\(error)"])
                return nil
            }
        }
        return nil
    }

    /// Costs a few look-ups, however many the address leads to.
    private func reachesSomebody(_ postmaster: EmailAddress) throws(DirectoryError) -> Bool {
        if try directory.lead(of: postmaster) != .unknown { return true }
        // The other system of a shared domain may have it, or not.
        guard let domain = topology.domainAliases.meant(by: postmaster).domain.name, topology.domains[domain]?.isShared == false,
            let named = topology.postmaster?.address
        else { return false }
        guard let other = named.domain.name.flatMap({ topology.domains[$0] }) else {
            return !routing.connectors(covering: named.domain).isEmpty
        }
        if other.isShared { return true }
        return try directory.lead(of: named) != .unknown
    }
}
