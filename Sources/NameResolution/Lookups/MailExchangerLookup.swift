import MailVocabulary

/// Which hosts take mail for a domain (RFC 5321 §5.1).
public enum MailExchangerLookup: Hashable, Sendable {
    /// One to ``maximumHosts`` hosts, most preferred first, each host once.
    case hosts([MailExchanger])
    /// No MX record: the domain is its own mail exchanger, with preference 0.
    case implicit
    /// The domain takes no mail (RFC 7505).
    case nullMX
    case noSuchDomain
    /// There are MX records, and every one names something that no host can be called: `a b.example`.
    case noHost
    case transientFailure(LookupFailure)

    /// Hosts that are used; of more, those with the lowest preferences.
    public static let maximumHosts = 20

    /// Reads an answer of MX records. Records whose exchange is no host name are passed over.
    public init(_ answer: LookupAnswer) {
        switch answer {
        case .noRecords: self = .implicit
        case .noSuchDomain: self = .noSuchDomain
        case .failure(let failure): self = .transientFailure(failure)
        case .records(let records, _):
            let exchangers = records.compactMap(RecordData.mailExchanger)
            var hosts: [MailExchanger] = []
            for (preference, exchange) in exchangers {
                if case .host(let host) = exchange { hosts.append(MailExchanger(preference: preference, host: host)) }
            }
            if hosts.isEmpty {
                // RFC 7505 §3 wants a null MX to be the only record: beside hosts it is passed over.
                // Records that cannot be read may have been damaged on the way; names that are none stay so.
                self = exchangers.contains { $0.exchange == .root } ? .nullMX : exchangers.isEmpty ? .transientFailure(.malformed) : .noHost
                return
            }
            // Stable, so that equal preferences stay in the order of the answer.
            hosts.sort { $0.preference < $1.preference }
            var seen: Set<DomainName> = []
            hosts.removeAll { !seen.insert($0.host).inserted }
            self = .hosts(Array(hosts.prefix(Self.maximumHosts)))
        }
    }
}
