import MailVocabulary
import NIOCore

/// Asks the DNS without ever blocking the caller: libunbound with its caches and one thread of our own.
///
/// (`Resolver` alone is a protocol of NIOPosix.)
///
/// Every lookup ends at its deadline, and no future of a lookup fails: what went wrong is part of the result.
/// The number of lookups under way is bounded by ``ResolverSettings/maximumOutstanding``.
///
/// With ``ResolverSettings/servers`` those servers are asked for everything, `localhost.` and `test.` included. With the
/// system's servers, `localhost.`, `test.`, `invalid.`, `onion.` and the loopback reverse zones have their fixed answers
/// (RFC 6761), and private reverse zones are asked for.
public final class DNSResolver: Sendable {
    private let inbox: LookupInbox
    private let hosts: HostsFile
    private let defaultDeadline: Duration

    /// Reads the files named by the settings and starts the resolver thread; blocks for as long as that takes.
    ///
    /// - Throws: ``ResolverError``.
    public init(settings: ResolverSettings) throws(ResolverError) {
        if let file = settings.hostsFile {
            hosts = try HostsFile(file: file)
        } else {
            hosts = HostsFile()
        }
        defaultDeadline = settings.deadline
        inbox = try LookupInbox(limit: settings.maximumOutstanding)
        try LookupEngine.start(context: UnboundContext(settings: settings), inbox: inbox)
    }

    deinit { inbox.close(promise: nil) }

    /// Ends the resolver: lookups under way end as `.shutDown`. The future succeeds when libunbound's threads, sockets and
    /// memory are gone, which does not wait for any name server.
    public func shutDown(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        inbox.close(promise: promise)
        return promise.futureResult
    }

    /// The hosts that take mail for a domain, by its MX records; CNAMEs are followed.
    ///
    /// - Parameter duration: the time it may take; nil: that of the settings.
    public func mailExchangers(
        of domain: DomainName, within duration: Duration? = nil, on eventLoop: any EventLoop
    ) -> EventLoopFuture<MailExchangerLookup> {
        mailExchangers(of: domain, deadline: deadline(duration), on: eventLoop)
    }

    /// The addresses of a host; CNAMEs are followed. A name of the hosts file has the addresses given there and no others.
    ///
    /// - Parameter duration: the time it may take; nil: that of the settings.
    public func addresses(
        of host: DomainName, family: AddressFamilies = .any, within duration: Duration? = nil, on eventLoop: any EventLoop
    ) -> EventLoopFuture<AddressLookup> {
        addresses(of: host, family: family, deadline: deadline(duration), on: eventLoop)
    }

    /// The names of an address, unconfirmed. An address of the hosts file has the names given there and no others.
    ///
    /// - Parameter duration: the time it may take; nil: that of the settings.
    public func hostNames(
        of address: IPAddress, within duration: Duration? = nil, on eventLoop: any EventLoop
    ) -> EventLoopFuture<HostNameLookup> {
        hostNames(of: address, deadline: deadline(duration), on: eventLoop)
    }

    /// Asks one question as it stands.
    ///
    /// - Parameter name: absolute, ASCII; also names that are no host names, such as `_25._tcp.mail.example`.
    /// - Parameter duration: the time it may take; nil: that of the settings.
    public func lookUp(
        _ name: String, _ type: RecordType, within duration: Duration? = nil, on eventLoop: any EventLoop
    ) -> EventLoopFuture<LookupAnswer> {
        lookUp(name, type, deadline: deadline(duration), on: eventLoop)
    }

    /// The same with what people want to know of an answer besides.
    ///
    /// - Parameter name: absolute, ASCII; also names that are no host names, such as `_25._tcp.mail.example`.
    /// - Parameter duration: the time it may take; nil: that of the settings.
    public func result(
        of name: String, _ type: RecordType, within duration: Duration? = nil, on eventLoop: any EventLoop
    ) -> EventLoopFuture<LookupResult> {
        result(of: name, type, deadline: deadline(duration), on: eventLoop)
    }

    /// The addresses of a name in the hosts file, and nil where the file does not have it: servers are not asked for these.
    public func hostsFileAddresses(of name: DomainName) -> [IPAddress]? { hosts.addresses(of: name) }

    /// The names of an address in the hosts file, and nil where the file does not have it.
    public func hostsFileNames(of address: IPAddress) -> [DomainName]? { hosts.names(of: address) }
}

// One deadline for several lookups in a row.
extension DNSResolver {
    /// Never more than an hour from now.
    func deadline(_ duration: Duration?) -> NIODeadline {
        .now() + TimeAmount(min(max(duration ?? defaultDeadline, .zero), .seconds(3_600)))
    }

    func mailExchangers(
        of domain: DomainName, deadline: NIODeadline, on eventLoop: any EventLoop
    ) -> EventLoopFuture<MailExchangerLookup> {
        let isKnownHost = hosts.addresses(of: domain) != nil
        return lookUp(domain.text, .mx, deadline: deadline, on: eventLoop).map { answer in
            let lookup = MailExchangerLookup(answer)
            // A name that only the hosts file knows is a host that takes its own mail.
            return isKnownHost && lookup == .noSuchDomain ? .implicit : lookup
        }
    }

    func addresses(
        of host: DomainName, family: AddressFamilies, deadline: NIODeadline, on eventLoop: any EventLoop
    ) -> EventLoopFuture<AddressLookup> {
        if let known = hosts.addresses(of: host) {
            return eventLoop.makeSucceededFuture(Self.select(known, family))
        }
        switch family {
        case .ipv4: return addresses(of: host, .a, .ipv4, deadline, eventLoop)
        case .ipv6: return addresses(of: host, .aaaa, .ipv6, deadline, eventLoop)
        case .any:
            return addresses(of: host, .aaaa, .ipv6, deadline, eventLoop)
                .and(addresses(of: host, .a, .ipv4, deadline, eventLoop))
                .map { AddressLookup(ipv6: $0, ipv4: $1) }
        }
    }

    func hostNames(of address: IPAddress, deadline: NIODeadline, on eventLoop: any EventLoop) -> EventLoopFuture<HostNameLookup> {
        if let known = hosts.names(of: address) {
            return eventLoop.makeSucceededFuture(.names(Array(known.prefix(HostNameLookup.maximumNames))))
        }
        return lookUp(address.reverseName, .ptr, deadline: deadline, on: eventLoop).map { HostNameLookup($0) }
    }

    func lookUp(_ name: String, _ type: RecordType, deadline: NIODeadline, on eventLoop: any EventLoop) -> EventLoopFuture<LookupAnswer> {
        result(of: name, type, deadline: deadline, on: eventLoop).map(\.answer)
    }

    private func result(
        of name: String, _ type: RecordType, deadline: NIODeadline, on eventLoop: any EventLoop
    ) -> EventLoopFuture<LookupResult> {
        let promise = eventLoop.makePromise(of: LookupResult.self)
        inbox.submit(LookupRequest(name: name, type: type, deadline: deadline, promise: promise))
        return promise.futureResult
    }

    private func addresses(
        of host: DomainName, _ type: RecordType, _ family: IPAddress.Family, _ deadline: NIODeadline, _ eventLoop: any EventLoop
    ) -> EventLoopFuture<AddressLookup> {
        lookUp(host.text, type, deadline: deadline, on: eventLoop).map { AddressLookup($0, family: family) }
    }

    private static func select(_ known: [IPAddress], _ families: AddressFamilies) -> AddressLookup {
        func lookup(_ family: IPAddress.Family) -> AddressLookup {
            let addresses = known.filter { $0.family == family }.prefix(AddressLookup.maximumAddresses)
            return addresses.isEmpty ? .noAddress : .addresses(Array(addresses))
        }
        switch families {
        case .ipv4: return lookup(.ipv4)
        case .ipv6: return lookup(.ipv6)
        case .any: return AddressLookup(ipv6: lookup(.ipv6), ipv4: lookup(.ipv4))
        }
    }
}
