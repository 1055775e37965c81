import MailVocabulary
import Topology

/// Whether a list of subnets, taken together, holds all addresses of a family: `0.0.0.0/0`, or the same in pieces.
enum AddressCoverage {
    /// Whether every address of a family is in one of the entries; names hold none.
    static func covers(_ family: IPAddress.Family, by entries: [HostEntry]) -> Bool { hole(in: prefixes(family, entries)) == nil }

    /// An address of a family that is in none of the entries; nil where there is none.
    static func uncovered(_ family: IPAddress.Family, by entries: [HostEntry]) -> IPAddress? {
        guard let bits = hole(in: prefixes(family, entries)) else { return nil }
        var octets = [UInt8](repeating: 0, count: family == .ipv4 ? 4 : 16)
        for (index, bit) in bits.enumerated() where bit { octets[index / 8] |= 0x80 >> UInt8(index % 8) }
        return IPAddress(octets: octets)
    }

    /// An address of a family that is in one of the entries; nil where there is none.
    static func covered(_ family: IPAddress.Family, by entries: [HostEntry]) -> IPAddress? {
        entries.lazy.compactMap { entry in
            guard case .subnet(let subnet) = entry.pattern, subnet.base.family == family else { return nil }
            return subnet.base
        }.first
    }

    private static func prefixes(_ family: IPAddress.Family, _ entries: [HostEntry]) -> [[Bool]] {
        entries.compactMap { entry in
            guard case .subnet(let subnet) = entry.pattern, subnet.base.family == family else { return nil }
            let octets = subnet.base.octets
            return (0..<subnet.prefixLength).map { octets[$0 / 8] & (0x80 >> UInt8($0 % 8)) != 0 }
        }
    }

    /// The first bits of addresses that no prefix holds. Each step halves what is left of the address space, and goes on only where a
    /// prefix does, so the work is bounded by the bits of all prefixes.
    ///
    /// - Parameter prefixes: those that agree in the first `depth` bits.
    private static func hole(in prefixes: [[Bool]], depth: Int = 0) -> [Bool]? {
        if prefixes.isEmpty { return [] }
        if prefixes.contains(where: { $0.count == depth }) { return nil }
        for bit in [false, true] {
            if let rest = hole(in: prefixes.filter { $0[depth] == bit }, depth: depth + 1) { return [bit] + rest }
        }
        return nil
    }
}
