import MailVocabulary
import NIOCore

/// Forward-confirmed reverse DNS: which name of an address also leads back to it (RFC 8601 §2.7.3 `iprev`).
public struct ReverseDNS: Sendable {
    private let resolver: DNSResolver

    public init(resolver: DNSResolver) { self.resolver = resolver }

    /// Looks up the names of the address (at most ``HostNameLookup/maximumNames``), then all their addresses at once; the
    /// first name that is confirmed decides.
    ///
    /// - Parameter duration: for all lookups together, never exceeded; nil: that of the resolver's settings.
    /// - Returns: a future that does not fail.
    public func verify(
        _ address: IPAddress, within duration: Duration? = nil, on eventLoop: any EventLoop
    ) -> EventLoopFuture<ReverseDNSResult> {
        let deadline = resolver.deadline(duration)
        return resolver.hostNames(of: address, deadline: deadline, on: eventLoop).flatMap { lookup in
            switch lookup {
            case .names(let names): confirm(address, names, deadline, eventLoop)
            case .noName: eventLoop.makeSucceededFuture(.permerror(reason: "no PTR record"))
            case .transientFailure(let reason): eventLoop.makeSucceededFuture(.temperror(reason: "\(reason)"))
            }
        }
    }

    private func confirm(
        _ address: IPAddress, _ names: [DomainName], _ deadline: NIODeadline, _ eventLoop: any EventLoop
    ) -> EventLoopFuture<ReverseDNSResult> {
        let family: AddressFamilies = address.family == .ipv4 ? .ipv4 : .ipv6
        let result = eventLoop.makePromise(of: ReverseDNSResult.self)
        let lookups = names.map { name in
            let lookup = resolver.addresses(of: name, family: family, deadline: deadline, on: eventLoop)
            lookup.whenSuccess { lookup in
                // A name that is slow to answer does not delay one that is confirmed; a second success changes nothing.
                if Self.confirms(lookup, address) { result.succeed(.pass(name)) }
            }
            return lookup
        }
        EventLoopFuture.whenAllSucceed(lookups, on: eventLoop).map { Self.result(address, names, $0) }.cascade(to: result)
        return result.futureResult
    }

    /// The result once the addresses of all names are known: `lookups` in the order of `names`.
    static func result(_ address: IPAddress, _ names: [DomainName], _ lookups: [AddressLookup]) -> ReverseDNSResult {
        if let (name, _) = zip(names, lookups).first(where: { confirms($1, address) }) { return .pass(name) }
        for (name, lookup) in zip(names, lookups) {
            if case .transientFailure(let reason) = lookup { return .temperror(reason: "\(name): \(reason)") }
        }
        let list = names.map(\.text).joined(separator: ", ")
        return .fail(reason: "\(address) is not an address of \(list)", unconfirmed: names)
    }

    private static func confirms(_ lookup: AddressLookup, _ address: IPAddress) -> Bool {
        if case .addresses(let addresses) = lookup { addresses.contains(address) } else { false }
    }
}
