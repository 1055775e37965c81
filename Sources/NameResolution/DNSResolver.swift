import MailVocabulary
import NIOCore
import Synchronization

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
    private struct State {
        var base: ResolverBase
        /// Those that answer what they were asked before a change; at most ``maximumRetired``.
        var retired: [LookupInbox] = []
        var isShutDown = false
    }

    private let state: Mutex<State>
    /// Resolver threads of before a change that still answer.
    private static let maximumRetired = 4

    /// Reads the files named by the settings and starts the resolver thread; blocks for as long as that takes.
    ///
    /// - Throws: ``ResolverError``.
    public init(settings: ResolverSettings) throws(ResolverError) {
        state = Mutex(State(base: try ResolverBase(settings)))
    }

    deinit { state.withLock { $0.base.inbox.close(promise: nil) } }

    /// Servers that are asked, for people.
    public var servers: [String] { state.withLock { $0.base.servers } }

    /// What was passed over when the system's file was read last, as sentences for administrators.
    public var notes: [String] { state.withLock { $0.base.notes } }

    /// Asks by other settings from now on. What is under way is answered by those it was asked with.
    ///
    /// - Throws: ``ResolverError``; the settings of before stay then.
    public func adopt(_ settings: ResolverSettings) throws(ResolverError) {
        guard settings != state.withLock({ $0.base.settings }) else { return }
        replace(by: try ResolverBase(settings))
    }

    /// Looks whether the files that the settings name have changed (the system's name servers, the hosts file), and takes up what they say.
    /// To be called every few seconds: it is one stat(2) for each file.
    ///
    /// - Returns: whether something has changed.
    /// - Throws: ``ResolverError`` where a changed file cannot be used; what was read before stays, and the file is read when it changes again.
    public func lookAgain() throws(ResolverError) -> Bool {
        let (settings, files) = state.withLock { ($0.base.settings, $0.base.files) }
        let found = ResolverBase.Files(settings)
        guard found != files else { return false }
        // Noted before it is read: a file that cannot be used is complained of once for each change of it.
        state.withLock { $0.base.files = found }
        replace(by: try ResolverBase(settings))
        return true
    }

    private func replace(by base: ResolverBase) {
        let ended: [LookupInbox] = state.withLock { state in
            guard !state.isShutDown else { return [base.inbox] }
            state.retired.removeAll { $0.hasEnded }
            state.retired.append(state.base.inbox)
            state.base = base
            let excess = max(0, state.retired.count - Self.maximumRetired)
            defer { state.retired.removeFirst(excess) }
            for inbox in state.retired { inbox.retire() }
            return Array(state.retired.prefix(excess))
        }
        for inbox in ended { inbox.close(promise: nil) }
    }

    /// Ends the resolver: lookups under way end as `.shutDown`. The future succeeds when libunbound's threads, sockets and
    /// memory are gone, which does not wait for any name server.
    public func shutDown(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let inboxes = state.withLock { state in
            state.isShutDown = true
            return [state.base.inbox] + state.retired
        }
        let ends = inboxes.map { inbox in
            let promise = eventLoop.makePromise(of: Void.self)
            inbox.close(promise: promise)
            return promise.futureResult
        }
        return EventLoopFuture.andAllSucceed(ends, on: eventLoop)
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
    private var hosts: HostsFile { state.withLock { $0.base.hosts } }

    /// Never more than an hour from now.
    func deadline(_ duration: Duration?) -> NIODeadline {
        .now() + TimeAmount(min(max(duration ?? state.withLock { $0.base.settings.deadline }, .zero), .seconds(3_600)))
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
        let request = LookupRequest(name: name, type: type, deadline: deadline, promise: promise)
        // One that was retired in between has its successor in place.
        while !state.withLock({ $0.base.inbox }).submit(request) {}
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
