import MailVocabulary
import Topology

/// The values that name hosts, read from text; each is nil for what is not one.
enum Hosts {
    /// A domain name that is not an address.
    static func domain(_ text: some StringProtocol) -> DomainName? {
        IPAddress(parsing: text) == nil ? DomainName(parsing: text) : nil
    }

    /// A domain of addresses that is not an IP address.
    static func mailDomain(_ text: some StringProtocol) -> DomainName? {
        IPAddress(parsing: text) == nil ? DomainName(inAddress: text) : nil
    }

    /// `192.0.2.1:25`, `[2001:db8::1]:25`.
    static func listener(_ text: String) -> (address: IPAddress, port: Int)? {
        guard let pair = HostPort(parsing: text), case .address(let address) = pair.host, let port = pair.port,
            pair.isBracketed == (address.family == .ipv6)
        else { return nil }
        return (address, port)
    }

    /// `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`.
    static func nameServer(_ text: String) -> Resolver.Server? {
        guard let pair = HostPort(parsing: text), case .address(let address) = pair.host else { return nil }
        return Resolver.Server(address: address, port: pair.port ?? 53)
    }

    /// `relay.example`, `relay.example:2525`, `[192.0.2.25]:2525`.
    static func smartHost(_ text: String, at location: SourceLocation = .builtIn) -> SmartHost? {
        guard let pair = HostPort(parsing: text) else { return nil }
        switch pair.host {
        case .name(let name): return SmartHost(host: .name(name), port: pair.port, location: location)
        case .address(let address):
            return pair.isBracketed ? SmartHost(host: .literal(address), port: pair.port, location: location) : nil
        }
    }

    /// `unix:/run/dovecot/lmtp`, `localhost:24`, `192.0.2.1:24`, `[2001:db8::1]:24`. No other name: postern-mailbox asks no DNS.
    static func lmtp(_ text: String, folder: String) -> LMTPTarget? {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst(5)
            return path.isEmpty ? nil : .unix(path: FilePath.absolute(String(path), in: folder))
        }
        guard let pair = HostPort(parsing: text), let port = pair.port else { return nil }
        switch pair.host {
        case .name(let name): return name.text == "localhost" ? .tcp(host: .name(name), port: port) : nil
        case .address(let address): return .tcp(host: .literal(address), port: port)
        }
    }

    /// An address, a subnet, `host.example`, `*.example`.
    static func entry(_ text: String) -> HostEntry.Pattern? {
        if let subnet = Subnet(parsing: text) { return .subnet(subnet) }
        if text.hasPrefix("*.") { return domain(text.dropFirst(2)).map { .below($0) } }
        return domain(text).map { .exact($0) }
    }

    static func addressSpace(_ text: String) -> AddressSpace.Pattern? {
        IPAddress(parsing: text) == nil ? AddressSpace.Pattern(parsing: text) : nil
    }
}
