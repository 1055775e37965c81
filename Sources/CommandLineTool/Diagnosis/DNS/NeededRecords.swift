import MailVocabulary
import NameResolution
import Topology

/// The DNS records that a configuration needs, as a zone file has them. What cannot be known here is a comment.
struct NeededRecords {
    let topology: Topology
    /// The public addresses of the host, as others reach the edge.
    let addresses: PublicAddresses
    /// The edge's certificates by their keys, or why there is none.
    let certificates: [Result<TLSARecord, Reason>]

    struct Reason: Error { let text: String }

    var lines: [String] {
        ["; the host", ""] + host
            + (Array(topology.domains.keys) + Array(topology.domainAliases.keys)).sorted { $0.text < $1.text }.flatMap {
                ["", "; mail for \($0)", ""] + of($0)
            }
    }

    private var host: [String] {
        let name = "\(topology.hostname)."
        var lines = addresses.known.map { "\(name) \($0.family == .ipv4 ? "A" : "AAAA") \($0)" }
        if addresses.known.isEmpty {
            lines.append("; \(name) A …    \(addresses.reason); --address says the public one")
        }
        // Whoever has the addresses sets these: the provider, mostly.
        lines += addresses.known.map { "\($0.reverseName). PTR \(name)" }
        if !topology.virtualServers.contains(where: { $0.isEdge && $0.listeners.contains { $0.port == 25 } }) {
            lines.append("; no edge listens on port 25, the only one that others deliver to: something has to lead from there to it")
        }
        for certificate in certificates {
            switch certificate {
            case .success(let record): lines.append("_25._tcp.\(name) TLSA \(record)    ; only where the zone is signed (DNSSEC)")
            case .failure(let reason): lines.append("; _25._tcp.\(name) TLSA …    \(reason.text)")
            }
        }
        return lines
    }

    private func of(_ domain: DomainName) -> [String] {
        var lines = ["\(domain). MX 10 \(topology.hostname)."]
        lines += SenderPolicy(topology, addresses: addresses.known).lines(for: domain)
        lines += reports(domain)
        // What listens on this machine alone is offered to nobody.
        let submission = topology.virtualServers.filter { !$0.isEdge }.flatMap(\.listeners).filter { !$0.address.isLoopback }
        for (service, isImplicit) in [("_submissions", true), ("_submission", false)] {
            let port = submission.first { $0.implicitTLS == isImplicit }?.port
            lines.append("\(service)._tcp.\(domain). SRV " + (port.map { "0 1 \($0) \(topology.hostname)." } ?? "0 0 0 ."))
        }
        return lines
    }

    /// Suggested to begin with: reports, and nothing refused yet (RFC 7489 §6.3). Only to an address that somebody has.
    private func reports(_ domain: DomainName) -> [String] {
        if topology.postmaster != nil, topology.domains[domain]?.isShared == false {
            return ["_dmarc.\(domain). TXT \"v=DMARC1; p=none; rua=mailto:postmaster@\(domain)\""]
        }
        return [
            "_dmarc.\(domain). TXT \"v=DMARC1; p=none\"",
            "; no rua= in it: the configuration does not say who gets mail for postmaster@\(domain) (`postmaster:`)",
        ]
    }
}
