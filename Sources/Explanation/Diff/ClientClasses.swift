import MailVocabulary
import Topology

/// The clients that the lists of computers of one virtual server tell apart, in either of two configurations.
///
/// A list chooses a client or it does not, so two lists have four classes at most. Subnets cut the addresses into pieces, and each piece begins
/// where a subnet begins or behind where one ends: an address of each piece is enough. A name only ever adds an entry that matches, so what two
/// lists say differently of an address with a name they say differently of the address alone, or of the name alone.
struct ClientClasses {
    struct Client {
        /// `a stranger`, `a computer of 10.0.0.0/8 or a computer named *.print.example`.
        let word: String
        let address: IPAddress
        var name: DomainName?
    }

    /// One or more.
    let clients: [Client]

    /// Documentation addresses (RFC 5737) that hardly any list names.
    private static let strangers = [0xC633_6407, 0xCB00_714D, 0xC000_0221].map { IPAddress(ipv4: $0) }

    init(_ lists: [HostList]) {
        let entries = lists.flatMap(\.entries)
        let subnets = entries.compactMap { if case .subnet(let subnet) = $0.pattern { subnet } else { nil } }
        var (classes, positions): ([(words: [String], client: Client)], [[Bool]: Int]) = ([], [:])
        var words: Set<String> = []
        func add(_ word: String, _ address: IPAddress, _ name: DomainName? = nil) {
            guard words.insert(word).inserted else { return }
            let key = lists.map { $0.contains(address, hostName: name) }
            if let position = positions[key] {
                classes[position].words.append(word)
            } else {
                positions[key] = classes.count
                classes.append(([word], Client(word: word, address: address, name: name)))
            }
        }
        let free = Self.strangers.first { address in !subnets.contains { $0.contains(address) } }
        let stranger = free ?? Self.strangers[0]
        add(free == nil ? "a computer at \(stranger)" : "a stranger", stranger)
        for subnet in subnets { add("a computer of \(subnet)", subnet.base) }
        let first = [IPAddress(ipv4: 0), IPAddress(octets: [UInt8](repeating: 0, count: 16))].compactMap(\.self)
        for address in subnets.compactMap(\.firstBehind) + first where !subnets.contains(where: { $0.base == address }) {
            func key(_ address: IPAddress) -> [Bool] { lists.map { $0.contains(address) } }
            // Most are as the stranger is, or as the subnet around them.
            let around = subnets.filter { $0.contains(address) }.max { $0.prefixLength < $1.prefixLength }
            if key(address) != key(around?.base ?? stranger) { add("a computer at \(address)", address) }
        }
        for entry in entries {
            switch entry.pattern {
            case .subnet: continue
            case .exact(let name): add("a computer named \(entry)", stranger, name)
            case .below(let name): add("a computer named \(entry)", stranger, DomainName(inAddress: "any-computer-here.\(name)"))
            }
        }
        // Named by one list and in the subnet of another.
        for entry in entries where entry.needsHostName {
            let name: DomainName? =
                switch entry.pattern {
                case .exact(let name): name
                case .below(let name): DomainName(inAddress: "any-computer-here.\(name)")
                case .subnet: nil
                }
            for subnet in subnets {
                let key = lists.map { $0.contains(subnet.base, hostName: name) }
                // As the subnet is, or as the name is: those are said.
                if key == lists.map({ $0.contains(subnet.base) }) || key == lists.map({ $0.contains(stranger, hostName: name) }) {
                    continue
                }
                add("a computer of \(subnet) named \(entry)", subnet.base, name)
            }
        }
        clients = classes.map { Client(word: $0.words.joined(separator: " or "), address: $0.client.address, name: $0.client.name) }
    }
}

extension Subnet {
    /// The address behind its last one; nil where there is none.
    var firstBehind: IPAddress? {
        var octets = base.octets
        for bit in prefixLength..<(octets.count * 8) { octets[bit / 8] |= 0x80 >> UInt8(bit % 8) }
        for index in octets.indices.reversed() {
            if octets[index] < 0xFF {
                octets[index] += 1
                return IPAddress(octets: octets)
            }
            octets[index] = 0
        }
        return nil
    }
}
