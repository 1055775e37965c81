import MailVocabulary

/// The names that the owner of an address gives it (PTR). Anyone can claim any name: see ``ReverseDNS``.
public enum HostNameLookup: Hashable, Sendable {
    /// One to ``maximumNames`` names, each once.
    case names([DomainName])
    /// No PTR record, or none that is a host name.
    case noName
    case transientFailure(LookupFailure)

    /// Names of one address that are used (RFC 8601 §2.7.3 leaves the limit to us, RFC 7208 §4.6.4 has 10).
    public static let maximumNames = 10

    public init(_ answer: LookupAnswer) {
        switch answer {
        case .noRecords, .noSuchDomain: self = .noName
        case .failure(let failure): self = .transientFailure(failure)
        case .records(let records, _):
            let names = records.compactMap { RecordData.name($0) }
            if names.isEmpty {
                self = .transientFailure(.malformed)
                return
            }
            var seen: Set<DomainName> = []
            let hosts = names.compactMap { name -> DomainName? in
                guard case .host(let host) = name, seen.insert(host).inserted else { return nil }
                return host
            }
            self = hosts.isEmpty ? .noName : .names(Array(hosts.prefix(Self.maximumNames)))
        }
    }
}
