import MailVocabulary
import Topology

/// Domains that are other names of domains (`alias_of`).
extension TopologyChecks {
    mutating func checkDomainAliases() {
        for entry in value("domains")?.entries ?? [] where entry.value.isTable && !shape.hasErrors(in: "domains.\(entry.key)") {
            let path = "domains.\(entry.key)"
            switch (entry.value["shared"], entry.value.entry("alias_of")) {
            case (nil, nil):
                report.error(
                    entry.keyLocation, path, "nothing is said of this domain",
                    accepted: "authoritative, shared, or a table with shared or alias_of")
            case (_?, let alias?):
                report.error(
                    alias.keyLocation, "\(path).alias_of", "an alias has no recipients of its own: it cannot be shared as well",
                    accepted: "either `shared` or `alias_of`")
            default: break
            }
        }
        for alias in topology.domainAliases.values.sorted(by: { $0.location < $1.location }) { check(alias) }
    }

    private mutating func check(_ alias: DomainAlias) {
        let path = "domains.\(alias.name).alias_of"
        let place = value("domains")?.entries.first { $0.keyLocation == alias.location }?.value["alias_of"]?.location ?? alias.location
        if let next = topology.domainAliases[alias.target] {
            report.error(
                place, path,
                alias.name == alias.target
                    ? "a domain cannot be an alias of itself" : "`\(alias.target)` is an alias itself, and a domain is replaced only once",
                accepted: alias.name == next.target || alias.name == alias.target ? "one of our domains that is no alias" : "\(next.target)"
            )
        } else if topology.domains[alias.target] == nil, !shape.hasErrors(in: "domains") {
            let known = topology.domains.keys.map(\.text).sorted()
            let meant = Suggestion.nearest(to: alias.target.text, among: known)
            report.error(
                place, path,
                "`\(alias.target)` is not among `domains`" + (meant.map { ": did you mean `\($0)`?" } ?? ""),
                accepted: known.isEmpty ? "one of our domains that is no alias" : known.joined(separator: ", "))
        }
        for connector in topology.connectors {
            for space in connector.addressSpaces where space.pattern == .exact(alias.name) {
                report.warning(
                    space.location, "connectors.\(connector.name).address_spaces",
                    "mail for `\(alias.name)` is mail for `\(alias.target)`, of which it is an alias: this address space has no effect")
            }
        }
    }
}
