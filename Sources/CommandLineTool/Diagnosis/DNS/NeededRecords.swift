import MailVocabulary
import NameResolution
import Topology

/// The DNS records that a configuration needs, as a zone file has them. What cannot be known here is a comment.
struct NeededRecords {
    let topology: Topology
    /// The public addresses of the host.
    let addresses: [IPAddress]
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
        var lines = addresses.map { "\(name) \($0.family == .ipv4 ? "A" : "AAAA") \($0)" }
        if addresses.isEmpty {
            lines.append("; \(name) A …    the public address of this host; --address says it")
        }
        // Whoever has the addresses sets these: the provider, mostly.
        lines += addresses.map { "\($0.reverseName). PTR \(name)" }
        for certificate in certificates {
            switch certificate {
            case .success(let record): lines.append("_25._tcp.\(name) TLSA \(record)    ; only where the zone is signed (DNSSEC)")
            case .failure(let reason): lines.append("; _25._tcp.\(name) TLSA …    \(reason.text)")
            }
        }
        return lines
    }

    private func of(_ domain: DomainName) -> [String] {
        var lines = ["\(domain). MX 10 \(topology.hostname).", "\(domain). TXT \"v=spf1 mx -all\""]
        // Suggested to begin with: reports, and nothing refused yet.
        lines.append("_dmarc.\(domain). TXT \"v=DMARC1; p=none; rua=mailto:postmaster@\(domain)\"")
        let submission = topology.virtualServers.filter { !$0.isEdge }.flatMap(\.listeners)
        for (service, isImplicit) in [("_submissions", true), ("_submission", false)] {
            let port = submission.first { $0.implicitTLS == isImplicit }?.port
            lines.append("\(service)._tcp.\(domain). SRV " + (port.map { "0 1 \($0) \(topology.hostname)." } ?? "0 0 0 ."))
        }
        return lines
    }
}
