import MailVocabulary
import Topology

/// The mailbox that every domain has to have (RFC 5321 §4.5.1).
extension TopologyChecks {
    mutating func checkPostmaster() {
        // Where all are shared, their other system has it.
        guard topology.domains.values.contains(where: { !$0.isShared }), !report.hasErrors(in: "domains") else { return }
        guard let postmaster = topology.postmaster else {
            if value("postmaster") != nil { return }
            report.warning(
                place("domains").location, "postmaster",
                "it is not written: mail for postmaster@ our domains is refused, unless the directory has that address (RFC 5321 §4.5.1)")
            return
        }
        guard let domain = postmaster.address.domain.name else {
            report.warning(
                postmaster.location, "postmaster",
                "`\(postmaster.address)` is at an address literal: it works while that host has this address")
            return
        }
        if topology.domains[domain] == nil, topology.connectors(covering: domain).isEmpty {
            report.warning(
                postmaster.location, "postmaster",
                "`\(postmaster.address)` is in none of our domains, and no connector covers it: it leads nowhere (RFC 5321 §4.5.1)")
        }
    }
}
