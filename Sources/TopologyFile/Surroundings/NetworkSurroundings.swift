import Glibc
import Routing

/// What the network looks like from here, as far as law 5 needs it.
///
/// Of the network namespace of the process that asks. So the process that has the listeners asks, and the command line on the same
/// machine; the core has no network to look at.
public struct NetworkSurroundings: Hashable, Sendable {
    public let neighbours: [NetworkNeighbour]
    /// What could not be looked at, and why; empty where everything was.
    public let unknown: [String]

    public init(neighbours: [NetworkNeighbour] = [], unknown: [String] = []) { (self.neighbours, self.unknown) = (neighbours, unknown) }

    /// Nothing is looked at.
    public static let ignored = NetworkSurroundings()

    /// A routing table that is longer than this is that of a router of the Internet: 8 MiB.
    static let maximumBytes = 8 << 20

    /// The surroundings of this process. Reads `/proc/net` and `/sys/class/net`; opens no socket.
    public static func ofThisProcess(proc: String = "/proc/net", interfaces: String = "/sys/class/net") -> NetworkSurroundings {
        var unknown: [String] = []
        func text(_ name: String, isOptional: Bool = false) -> String {
            let path = "\(proc)/\(name)"
            // Without IPv6 the kernel has none of its tables.
            if isOptional, access(path, F_OK) != 0 { return "" }
            switch FileBytes.read(path, maximum: maximumBytes) {
            case .success(let bytes): return String(decoding: bytes, as: UTF8.self)
            case .failure(let problem):
                unknown.append("\(path): \(problem.message)")
                return ""
            }
        }
        let tables = RoutingTables(
            ipv4Routes: text("route"), ipv6Routes: text("ipv6_route", isOptional: true), ipv4Trie: text("fib_trie"),
            ipv6Addresses: text("if_inet6", isOptional: true), bridges: bridges(in: interfaces, &unknown))
        return NetworkSurroundings(neighbours: tables.neighbours, unknown: unknown)
    }

    /// The interfaces with a folder `bridge`: what the kernel calls a bridge.
    private static func bridges(in folder: String, _ unknown: inout [String]) -> Set<String> {
        guard let directory = opendir(folder) else {
            unknown.append("\(folder): the folder cannot be read")
            return []
        }
        defer { closedir(directory) }
        var names: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix("."), access("\(folder)/\(name)/bridge", F_OK) == 0 { names.insert(name) }
        }
        return names
    }
}
