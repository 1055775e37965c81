import MailVocabulary
import NIOCore

/// Finds the addresses to which mail for a next hop is delivered (RFC 5321 §5, RFC 7505).
public struct NextHopResolver: Sendable {
    private let resolver: DNSResolver
    private let ourself: OwnIdentity
    private let families: AddressFamilies

    /// - Parameters:
    ///   - ourself: by what mail that would come back to us is recognised.
    ///   - families: those that the connector uses (`source.family`).
    public init(resolver: DNSResolver, ourself: OwnIdentity, families: AddressFamilies = .any) {
        (self.resolver, self.ourself, self.families) = (resolver, ourself, families)
    }

    /// The addresses to try, most preferred first.
    ///
    /// All mail exchangers (at most ``MailExchangerLookup/maximumHosts``) are looked up at once, because any of them can turn
    /// out to be ourself. One that cannot be looked up within the time does not keep the others from being tried.
    ///
    /// - Parameter duration: for all lookups together; nil: that of the resolver's settings.
    /// - Returns: a future that does not fail.
    public func resolve(
        _ destination: NextHopDestination, within duration: Duration? = nil, on eventLoop: any EventLoop
    ) -> EventLoopFuture<NextHopResolution> {
        let deadline = resolver.deadline(duration)
        switch destination {
        case .addressLiteral(let address):
            return eventLoop.makeSucceededFuture(NextHopResolution(literal: address, ourself: ourself, families: families))
        case .smartHostAddress(let address):
            return eventLoop.makeSucceededFuture(NextHopResolution(smartHost: address, families: families))
        case .smartHost(let host):
            return resolve(host: host, ourself: OwnIdentity(), deadline, eventLoop)
        case .domain(let domain):
            return resolver.mailExchangers(of: domain, deadline: deadline, on: eventLoop).flatMap { lookup in
                switch lookup {
                case .hosts(let exchangers): return resolve(domain: domain, exchangers, deadline, eventLoop)
                case .implicit: return resolve(host: domain, ourself: ourself, deadline, eventLoop)
                case .nullMX: return eventLoop.makeSucceededFuture(.failure(NextHopResolution.nullMX(domain)))
                case .noSuchDomain: return eventLoop.makeSucceededFuture(.failure(NextHopResolution.noSuchDomain(domain)))
                case .noHost: return eventLoop.makeSucceededFuture(.failure(NextHopResolution.noHost(domain)))
                case .transientFailure(let reason):
                    return eventLoop.makeSucceededFuture(.failure(NextHopResolution.transient(domain, reason)))
                }
            }
        }
    }

    private func resolve(
        host: DomainName, ourself: OwnIdentity, _ deadline: NIODeadline, _ eventLoop: any EventLoop
    ) -> EventLoopFuture<NextHopResolution> {
        resolver.addresses(of: host, family: families, deadline: deadline, on: eventLoop).map {
            NextHopResolution(host: host, addresses: $0, ourself: ourself, families: families)
        }
    }

    private func resolve(
        domain: DomainName, _ exchangers: [MailExchanger], _ deadline: NIODeadline, _ eventLoop: any EventLoop
    ) -> EventLoopFuture<NextHopResolution> {
        let lookups = exchangers.map { exchanger in
            resolver.addresses(of: exchanger.host, family: families, deadline: deadline, on: eventLoop).map { (exchanger.host, $0) }
        }
        return EventLoopFuture.whenAllSucceed(lookups, on: eventLoop).map { found in
            var generator = SystemRandomNumberGenerator()
            return NextHopResolution(
                domain: domain, exchangers: MailExchangerOrder.ordered(exchangers, using: &generator),
                addresses: Dictionary(found) { first, _ in first }, ourself: ourself, families: families)
        }
    }
}
