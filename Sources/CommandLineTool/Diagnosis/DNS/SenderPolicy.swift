import MailVocabulary
import Topology

/// Which hosts send mail of our domains, as an SPF record (RFC 7208), as far as the configuration tells.
///
/// What leaves over a smart host comes from addresses that only its operator knows. A record without them has such mail refused, so there it is
/// a comment, with a place for what the operator says.
struct SenderPolicy {
    /// Connectors that send to the hosts of the recipient themselves.
    private let direct: [Connector]
    /// Connectors with smart hosts.
    private let relayed: [(name: String, hosts: [SmartHost])]
    /// Where `direct` sends from, but for the host's own addresses.
    private let sources: [IPAddress]

    /// - Parameter addresses: of the host's name, which the MX record leads to.
    init(_ topology: Topology, addresses: [IPAddress]) {
        let leading = topology.connectors.filter { connector in
            connector.addressSpaces.contains { space in
                if case .exact(let name) = space.pattern { topology.domains[name] == nil } else { true }
            }
        }
        direct = leading.filter { connector in
            switch connector.deliver {
            case .dns, .smartHosts(_, directFirst: true): true
            case .smartHosts, .maildir, .lmtp, .held: false
            }
        }
        relayed = leading.compactMap { connector in
            if case .smartHosts(let hosts, _) = connector.deliver { (connector.name, hosts) } else { nil }
        }
        var seen = Set(addresses)
        sources = direct.map { topology.outboundProfile(of: $0).source }.flatMap { source in
            [source.family == .ipv6 ? nil : source.ipv4, source.family == .ipv4 ? nil : source.ipv6].compactMap(\.self)
        }.filter { !PublicAddresses.isPrivate($0) && seen.insert($0).inserted }
    }

    func lines(for domain: DomainName) -> [String] {
        // Where nothing leads outside, the host itself is all that could ever send.
        var mechanisms = direct.isEmpty && !relayed.isEmpty ? [] : ["mx"]
        mechanisms += sources.map { ($0.family == .ipv4 ? "ip4:" : "ip6:") + "\($0)" }
        if relayed.isEmpty { return [record(domain, mechanisms)] }
        let ways = relayed.map { "connector \($0.name) (\($0.hosts.map(\.description).joined(separator: ", ")))" }
        return [
            "; mail of \(domain) also leaves over \(ways.joined(separator: " and over "))",
            "; which addresses that sends from cannot be known here: its operator says what to include in place of `…`",
            "; until then no record is better than one without it, which would have this mail refused",
            "; " + record(domain, mechanisms + relayed.map { _ in "include:…" }),
        ]
    }

    private func record(_ domain: DomainName, _ mechanisms: [String]) -> String {
        "\(domain). TXT \"v=spf1 \((mechanisms + ["-all"]).joined(separator: " "))\""
    }
}
