import MailVocabulary
import Routing

/// The kernel's routing tables as text (proc(5)), without the file system: lines that are not as they should be are left out.
struct RoutingTables {
    /// `/proc/net/route`.
    var ipv4Routes = ""
    /// `/proc/net/ipv6_route`.
    var ipv6Routes = ""
    /// `/proc/net/fib_trie`: the machine's own IPv4 addresses, without their interfaces.
    var ipv4Trie = ""
    /// `/proc/net/if_inet6`: the machine's own IPv6 addresses.
    var ipv6Addresses = ""
    /// The interfaces that are bridges.
    var bridges: Set<String> = []

    /// RTF_GATEWAY of route(8).
    private static let viaGateway: UInt32 = 2

    /// The default gateways, then the bridges' addresses; each once.
    var neighbours: [NetworkNeighbour] {
        var seen: Set<NetworkNeighbour> = []
        return (ipv4Gateways + ipv6Gateways + ipv4BridgeAddresses + ipv6BridgeAddresses).filter { seen.insert($0).inserted }
    }

    // MARK: IPv4

    private struct Route {
        let interface: String
        let destination, gateway: IPAddress
        let flags: UInt32
        let maskLength: Int
    }

    private var routes: [Route] {
        Self.rows(of: ipv4Routes).compactMap { row in
            guard row.count >= 8, let destination = Self.address(word: row[1]), let gateway = Self.address(word: row[2]),
                let flags = UInt32(row[3], radix: 16), let mask = Self.address(word: row[7])
            else { return nil }
            return Route(
                interface: String(row[0]), destination: destination, gateway: gateway, flags: flags,
                maskLength: mask.octets.reduce(0) { $0 + $1.nonzeroBitCount })
        }
    }

    /// Eight hexadecimal digits: the four octets of the address as one word of this machine.
    private static func address(word: Substring) -> IPAddress? {
        guard word.utf8.count == 8, let word = UInt32(word, radix: 16) else { return nil }
        return withUnsafeBytes(of: word) { IPAddress(octets: Array($0)) }
    }

    private var ipv4Gateways: [NetworkNeighbour] {
        routes.filter { $0.maskLength == 0 && $0.flags & Self.viaGateway != 0 }
            .map { NetworkNeighbour(.gateway, $0.gateway, interface: $0.interface) }
    }

    /// The trie does not name interfaces: an own address is the bridge's to whose subnet it belongs.
    private var ipv4BridgeAddresses: [NetworkNeighbour] {
        let subnets = routes.filter { bridges.contains($0.interface) && $0.flags & Self.viaGateway == 0 && $0.maskLength > 0 }
        return ownIPv4Addresses.flatMap { address in
            subnets.filter { address.masked(to: $0.maskLength) == $0.destination }
                .map { NetworkNeighbour(.bridge, address, interface: $0.interface) }
        }
    }

    /// Where `|-- 172.17.0.1` is followed by `/32 host LOCAL`.
    private var ownIPv4Addresses: [IPAddress] {
        var (addresses, last): ([IPAddress], IPAddress?) = ([], nil)
        for row in Self.rows(of: ipv4Trie) {
            if row.first == "|--", row.count == 2 {
                last = IPAddress(parsing: row[1])
            } else if row == ["/32", "host", "LOCAL"], let last, !last.isLoopback {
                addresses.append(last)
            }
        }
        return addresses
    }

    // MARK: IPv6

    /// Destination, its length, source, its length, next hop, metric, references, uses, flags, interface.
    private var ipv6Gateways: [NetworkNeighbour] {
        Self.rows(of: ipv6Routes).compactMap { row in
            guard row.count == 10, row[1] == "00", let flags = UInt32(row[8], radix: 16), flags & Self.viaGateway != 0,
                let gateway = Self.address(digits: row[4])
            else { return nil }
            return NetworkNeighbour(.gateway, gateway, interface: String(row[9]))
        }
    }

    /// Address, number of the interface, length of the prefix, scope, flags, interface.
    private var ipv6BridgeAddresses: [NetworkNeighbour] {
        Self.rows(of: ipv6Addresses).compactMap { row in
            guard row.count == 6, bridges.contains(String(row[5])), let address = Self.address(digits: row[0]) else { return nil }
            return NetworkNeighbour(.bridge, address, interface: String(row[5]))
        }
    }

    /// 32 hexadecimal digits.
    private static func address(digits: Substring) -> IPAddress? {
        guard digits.utf8.count == 32 else { return nil }
        var (octets, rest): ([UInt8], Substring) = ([], digits)
        while !rest.isEmpty {
            guard let octet = UInt8(rest.prefix(2), radix: 16) else { return nil }
            octets.append(octet)
            rest = rest.dropFirst(2)
        }
        return IPAddress(octets: octets)
    }

    private static func rows(of text: String) -> [[Substring]] {
        text.split(separator: "\n").map { $0.split { $0 == " " || $0 == "\t" } }
    }
}
