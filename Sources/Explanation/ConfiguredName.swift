import MailVocabulary
import Topology

/// A user, group or address that the configuration names, and what the name is for.
public struct ConfiguredName: Hashable, Sendable {
    /// What a name is compared with.
    public enum Use: Hashable, Sendable {
        /// The account that is logged in: a user by its own address, or a member of a group.
        case account
        /// The same, or the reverse-path of a stranger.
        case sender
        /// The address written to.
        case recipient
        /// An address that gets mail.
        case address
    }

    public let kind: Principal.Kind
    public let use: Use
    public let path: String
    public let location: SourceLocation
    /// What comes of a name that nobody has: "it denies nobody".
    let consequence: String

    /// As the directory has it.
    public var address: EmailAddress {
        switch kind {
        case .user(let address), .group(let address): address
        }
    }

    /// Every name in a configuration that a directory should have, in the order of the keys.
    public static func all(in topology: Topology) -> [ConfiguredName] {
        var names: [ConfiguredName] = []
        func add(_ principals: [Principal], _ use: Use, _ path: String, _ consequence: String) {
            names += principals.map {
                ConfiguredName(kind: $0.kind, use: use, path: path, location: $0.location, consequence: consequence)
            }
        }
        if let postmaster = topology.postmaster {
            names.append(
                ConfiguredName(
                    kind: .user(postmaster.address), use: .address, path: "postmaster", location: postmaster.location,
                    consequence: "mail for postmaster@ our domains is refused"))
        }
        for (index, entry) in topology.permissions.receive.enumerated() {
            add(entry.recipients, .recipient, "permissions.receive[\(index)].to", "it protects nobody")
            if case .listed(let list) = entry.senders { add(list, .account, "permissions.receive[\(index)].from", "it lets nobody write") }
        }
        for (index, entry) in topology.permissions.sendAs.enumerated() {
            add(entry.accounts, .account, "permissions.send_as[\(index)].who", "it grants nobody anything")
        }
        for server in topology.virtualServers {
            guard case .listed(let grant, let deny)? = server.submission?.relay.accounts else { continue }
            add(grant, .account, "virtual_servers.\(server.name).relay.accounts.grant", "it grants nobody anything")
            add(deny, .account, "virtual_servers.\(server.name).relay.accounts.deny", "it denies nobody anything")
        }
        for connector in topology.connectors {
            let path = "connectors.\(connector.name)"
            add(connector.restrictions.acceptFrom, .account, "\(path).restrictions.accept_from", "it accepts nobody")
            add(connector.restrictions.rejectFrom, .sender, "\(path).restrictions.reject_from", "it rejects nobody")
            guard case .held(let held) = connector.deliver else { continue }
            let accounts = held.accounts.map { Principal(.user($0), location: held.location) }
            add(accounts, .account, "\(path).hold_for.accounts", "it lets nobody ask for the mail")
        }
        return names
    }

    /// Those that name an address, also under another name of its domain: what must not go while this configuration runs.
    public static func all(naming address: EmailAddress, in topology: Topology) -> [ConfiguredName] {
        let key = AddressKey(topology.domainAliases.meant(by: address))
        return all(in: topology).filter { AddressKey(topology.domainAliases.meant(by: $0.address)) == key }
    }
}
