import MailVocabulary
import NameResolution
import Topology

/// Why a connection is not served.
struct ConnectionRefusal {
    let reply: Reply
    /// nil where it is for now only: a limit, a DNS that does not answer.
    let rule: SessionRule?

    init(_ reply: Reply, by rule: SessionRule? = nil) { (self.reply, self.rule) = (reply, rule) }
}

/// Who may connect, and how many at once (S01, S16). A value, confined to its server's event loop.
struct ConnectionControl {
    private let settings: ConnectionSettings
    private var open = 0
    private var openByAddress: [IPAddress: Int] = [:]

    init(_ settings: ConnectionSettings, carryingOver other: ConnectionControl? = nil) {
        self.settings = settings
        if let other { (open, openByAddress) = (other.open, other.openByAddress) }
    }

    /// What speaks against a connection before anything is known but its address; it counts from here on if nothing does.
    mutating func admit(_ address: IPAddress) -> ConnectionRefusal? {
        if let limit = settings.limit, open >= limit {
            return ConnectionRefusal(Reply(421, "4.3.2", "Too many connections, try again later"))
        }
        if let limit = settings.limitPerAddress, openByAddress[address, default: 0] >= limit {
            return ConnectionRefusal(Reply(421, "4.7.0", "Too many connections from your address, try again later"))
        }
        if !settings.access.needsHostName, !settings.access.contains(address) { return Self.denied }
        open += 1
        openByAddress[address, default: 0] += 1
        return nil
    }

    /// What speaks against it once the host name is known, where the list names hosts. A DNS that does not answer never rejects: where
    /// the name would matter, the client is asked to come back.
    func check(_ address: IPAddress, _ result: ReverseDNSResult) -> ConnectionRefusal? {
        guard settings.access.needsHostName else { return nil }
        switch result {
        case .pass(let name): return settings.access.contains(address, hostName: name) ? nil : Self.denied
        case .temperror where !settings.access.isDecided(by: address): return Self.nameUnknown
        case .fail, .permerror, .temperror: return settings.access.contains(address) ? nil : Self.denied
        }
    }

    /// A connection that was admitted has ended.
    mutating func ended(_ address: IPAddress) {
        open -= 1
        guard let count = openByAddress[address] else { return }
        openByAddress[address] = count > 1 ? count - 1 : nil
    }

    var openConnections: Int { open }

    private static let denied = ConnectionRefusal(Reply(554, "5.7.1", "Access denied"), by: .access)
    static let nameUnknown = ConnectionRefusal(Reply(421, "4.4.3", "Your host name cannot be looked up now, try again later"))
}
