import MailVocabulary

/// The addresses of a host.
public enum AddressLookup: Hashable, Sendable {
    /// One to ``maximumAddresses`` addresses, each once; IPv6 and IPv4 take turns, IPv6 first.
    case addresses([IPAddress])
    /// The name exists, without an address of the family asked for.
    case noAddress
    case noSuchDomain
    case transientFailure(LookupFailure)

    /// Addresses of one host that are used, so that a bound never cuts a whole family off.
    public static let maximumAddresses = 20

    /// Reads the answer to one question, A or AAAA.
    public init(_ answer: LookupAnswer, family: IPAddress.Family) {
        switch answer {
        case .noRecords: self = .noAddress
        case .noSuchDomain: self = .noSuchDomain
        case .failure(let failure): self = .transientFailure(failure)
        case .records(let records, _):
            let addresses = records.compactMap { RecordData.address($0, family: family) }
            self = addresses.isEmpty ? .transientFailure(.malformed) : .addresses(Self.bounded(addresses))
        }
    }

    /// Both questions as one: an address is enough; without one, what failed for now outweighs what is certain.
    public init(ipv6: AddressLookup, ipv4: AddressLookup) {
        switch (ipv6, ipv4) {
        case (.addresses(let six), .addresses(let four)):
            var both: [IPAddress] = []
            for index in 0..<max(six.count, four.count) {
                if index < six.count { both.append(six[index]) }
                if index < four.count { both.append(four[index]) }
            }
            self = .addresses(Self.bounded(both))
        case (.addresses, _): self = ipv6
        case (_, .addresses): self = ipv4
        case (.transientFailure, _): self = ipv6
        case (_, .transientFailure): self = ipv4
        case (.noSuchDomain, _): self = ipv6
        case (.noAddress, _): self = ipv4
        }
    }

    private static func bounded(_ addresses: [IPAddress]) -> [IPAddress] {
        var seen: Set<IPAddress> = []
        return Array(addresses.filter { seen.insert($0).inserted }.prefix(maximumAddresses))
    }
}
