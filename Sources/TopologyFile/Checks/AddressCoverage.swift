import MailVocabulary
import Topology

/// Whether a list of subnets, taken together, holds all addresses of a family: `0.0.0.0/0`, or the same in pieces.
enum AddressCoverage {
    static func coversEverything(_ entries: [HostEntry]) -> Bool {
        let subnets = entries.compactMap { entry -> Subnet? in
            if case .subnet(let subnet) = entry.pattern { subnet } else { nil }
        }
        return [IPAddress.Family.ipv4, .ipv6].contains { family in
            return covers(subnets.filter { $0.base.family == family }.map { Array(bits(of: $0)) }, depth: 0)
        }
    }

    /// - Parameter prefixes: those that agree in the first `depth` bits. Each step halves what is left of the address space, and
    ///   goes on only where a prefix does, so the work is bounded by the bits of all prefixes.
    private static func covers(_ prefixes: [[Bool]], depth: Int) -> Bool {
        if prefixes.isEmpty { return false }
        if prefixes.contains(where: { $0.count == depth }) { return true }
        return covers(prefixes.filter { !$0[depth] }, depth: depth + 1) && covers(prefixes.filter { $0[depth] }, depth: depth + 1)
    }

    private static func bits(of subnet: Subnet) -> some Sequence<Bool> {
        let octets = subnet.base.octets
        return (0..<subnet.prefixLength).lazy.map { octets[$0 / 8] & (0x80 >> UInt8($0 % 8)) != 0 }
    }
}
