import MailVocabulary

/// Which addresses are tried for a next hop, in this order, or why there are none.
public enum NextHopResolution: Hashable, Sendable {
    /// One to ``maximumCandidates``.
    case candidates([NextHopCandidate])
    /// Permanent (5xx) or transient (451 4.4.3); the reply is what a report or the queue shows as last error.
    case failure(Reply)

    /// Addresses that are tried in one attempt at delivery, over all hosts.
    public static let maximumCandidates = 20

    /// From the mail exchangers of a domain and what is known of their addresses.
    ///
    /// - Parameters:
    ///   - exchangers: in the order in which they are to be tried (``MailExchangerOrder``).
    ///   - addresses: a host that is missing has no address.
    ///   - ourself: hosts that are ourself, and those not preferred to them, are left out.
    ///   - families: those that were asked for; addresses of others are left out.
    public init(
        domain: DomainName, exchangers: [MailExchanger], addresses: [DomainName: AddressLookup], ourself: OwnIdentity,
        families: AddressFamilies = .any
    ) {
        let eligible = MailExchangerOrder.withoutLoop(exchangers) { ourself.contains($0.host, addresses[$0.host]) }
        if eligible.isEmpty {
            let isCertain = exchangers.contains { ourself.certainlyContains($0.host, addresses[$0.host]) }
            self = .failure(Self.loop("\(domain)", isCertain: isCertain))
            return
        }
        self = Self.choose(from: eligible.map(\.host), addresses, families) {
            Reply(550, "5.4.4", "the mail exchangers of \(domain) have \(families.missing)")
        }
    }

    /// From the addresses of one host: a smart host, or a domain without MX records.
    public init(host: DomainName, addresses: AddressLookup, ourself: OwnIdentity, families: AddressFamilies = .any) {
        if ourself.contains(host, addresses) {
            self = .failure(Self.loop("\(host)", isCertain: ourself.certainlyContains(host, addresses)))
        } else if addresses == .noSuchDomain {
            self = .failure(Self.noSuchDomain(host))
        } else {
            self = Self.choose(from: [host], [host: addresses], families) { Reply(550, "5.4.4", "\(host) has \(families.missing)") }
        }
    }

    /// The domain of a recipient that is an address literal. Whoever wrote it is a stranger, who must not lead us to ourself.
    public init(literal address: IPAddress, ourself: OwnIdentity, families: AddressFamilies = .any) {
        if !address.isUsableAsDestination {
            self = .failure(Reply(550, "5.1.2", "\(address.literal) is no address of a host that takes mail"))
        } else if ourself.contains(address) {
            self = .failure(Self.loop(address.literal, isCertain: !ourself.uncertain.contains(address)))
        } else {
            self.init(smartHost: address, families: families)
        }
    }

    /// A smart host that is given by its address. Whoever writes an address in the configuration means it, ourself included.
    public init(smartHost address: IPAddress, families: AddressFamilies = .any) {
        guard families.contains(address.family) else {
            let used = address.family == .ipv4 ? "IPv6" : "IPv4"
            self = .failure(Reply(550, "5.4.4", "\(address.literal) cannot be reached: this connector uses \(used) alone"))
            return
        }
        self = .candidates([NextHopCandidate(host: nil, address: address)])
    }

    static func nullMX(_ domain: DomainName) -> Reply { Reply(556, "5.1.10", "\(domain) does not accept mail (null MX)") }
    static func noSuchDomain(_ domain: DomainName) -> Reply { Reply(550, "5.1.2", "\(domain) does not exist") }
    static func noHost(_ domain: DomainName) -> Reply {
        Reply(550, "5.4.4", "the MX records of \(domain) name nothing that can be a host")
    }
    /// - Parameter isCertain: whether what tells us so is a fact that stays.
    static func loop(_ domain: String, isCertain: Bool) -> Reply {
        isCertain
            ? Reply(554, "5.4.6", "mail for \(domain) loops back to myself")
            : Reply(451, "4.4.6", "mail for \(domain) would loop back to myself now; the address may be another machine's later")
    }
    static func transient(_ name: DomainName, _ failure: LookupFailure) -> Reply {
        Reply(451, "4.4.3", "cannot look up \(name): \(failure)")
    }

    private static func choose(
        from hosts: [DomainName], _ addresses: [DomainName: AddressLookup], _ families: AddressFamilies, noAddress: () -> Reply
    ) -> NextHopResolution {
        var usable: [(host: DomainName, addresses: [IPAddress])] = []
        var failure: Reply?
        for host in hosts {
            switch addresses[host] {
            case .addresses(let found): usable.append((host, found.filter { $0.isUsableAsDestination && families.contains($0.family) }))
            case .transientFailure(let reason): failure = failure ?? transient(host, reason)
            case .noAddress, .noSuchDomain, nil: break
            }
        }
        // Every host gets one address before any gets a second: a first host with many does not hide the others.
        var shares = [Int](repeating: 0, count: usable.count)
        var left = maximumCandidates
        var round = 0
        while left > 0, usable.contains(where: { $0.addresses.count > round }) {
            for index in usable.indices where usable[index].addresses.count > round && left > 0 {
                shares[index] += 1
                left -= 1
            }
            round += 1
        }
        let candidates = zip(usable, shares).flatMap { entry, share in
            entry.addresses.prefix(share).map { NextHopCandidate(host: entry.host, address: $0) }
        }
        return candidates.isEmpty ? .failure(failure ?? noAddress()) : .candidates(candidates)
    }
}
