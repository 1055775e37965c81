/// What a daemon may touch besides what its account lets it: the table that `postern up --sandbox` applies.
///
/// Pure: it follows from the role and the configuration alone.
public struct Bounds: Hashable, Sendable {
    /// Whether it may have sockets of the Internet. Without, it has Unix sockets alone and a network of its own with nothing in it.
    public let hasNetwork: Bool
    /// Folders and files that it reads, absolute. Those that do not exist are passed over.
    public let readable: [String]
    /// Folders that it reads and changes.
    public let writable: [String]
    /// Folders that are empty for it, whatever the modes of the files in them.
    public let hidden: [String]

    /// - Parameter programs: the folders of the daemons' executables and of libraries that are not the system's.
    public init(of role: Role, in topology: Topology, programs: [String]) {
        let configuration = Self.folder(of: topology.source)
        let state = topology.stateDirectory
        let runtime = topology.runtimeDirectory
        let maildirs = Self.maildirRoots(topology)

        switch role {
        case .core, .auth: hasNetwork = false
        case .mailbox: hasNetwork = Self.deliversByTCP(topology)
        case .edge, .submission, .delivery: hasNetwork = true
        }
        readable = Self.unique(Self.system + programs + [configuration] + Self.namedFolders(topology, role))
        switch role {
        case .core: writable = Self.unique([state, runtime])
        // Kerberos keeps there what it has seen, against replays.
        case .auth: writable = Self.unique([runtime, "/var/tmp"])
        case .mailbox: writable = maildirs
        case .edge, .submission, .delivery: writable = []
        }
        // What holds something that the role needs cannot be hidden from it.
        let needed = readable + writable + [runtime]
        var candidates: [String] = []
        if role != .core { candidates.append(state) }
        if role != .mailbox { candidates += maildirs }
        hidden = Self.unique(candidates).filter { folder in
            !needed.contains { Self.contains(folder, $0) }
        }
    }

    /// What a role that is held to these bounds cannot do and others let it, as ends of a sentence; empty where there is nothing.
    public func lacking(_ other: Bounds) -> [String] {
        func isOpen(_ path: String, among folders: [String]) -> Bool {
            folders.contains { Self.contains($0, path) } && !hidden.contains { Self.contains($0, path) }
        }
        return other.writable.filter { !isOpen($0, among: writable) }.map { "write to \($0)" }
            + other.readable.filter { !isOpen($0, among: readable + writable) }.map { "read \($0)" }
            + (other.hasNetwork && !hasNetwork ? ["use the Internet"] : [])
    }

    /// What every program needs: libraries, accounts, names, certificates of authorities, times.
    static let system = [
        "/etc", "/usr", "/lib", "/lib64", "/bin", "/sbin", "/proc", "/sys/class/net", "/sys/devices", "/sys/fs/cgroup", "/dev",
        "/run/systemd/resolve", "/run/resolvconf", "/run/nscd", "/var/lib/sss",
    ]

    /// The folders of Maildirs: what stands before the first placeholder, up to its last slash. Never the root.
    public static func maildirRoots(_ topology: Topology) -> [String] {
        unique(
            topology.connectors.compactMap { connector in
                guard case .maildir(let template) = connector.deliver else { return nil }
                let fixed = template.prefix { $0 != "{" }
                let root = fixed.count == template.count ? template : folder(of: String(fixed))
                return root == "/" ? nil : root
            })
    }

    private static func deliversByTCP(_ topology: Topology) -> Bool {
        topology.connectors.contains {
            if case .lmtp(.tcp) = $0.deliver { true } else { false }
        }
    }

    /// The folders of the files that the configuration names: folders, because a file that is renewed is another one.
    private static func namedFolders(_ topology: Topology, _ role: Role) -> [String] {
        var files = topology.files(of: role).map(\.path).filter { $0.hasPrefix("/") }
        if role == .delivery {
            // Tickets come and go: nobody has to find them at the start.
            for connector in topology.connectors {
                if case .ticket(let cache)? = connector.authentication?.credential { files.append(String(cache.trimmingPrefix("FILE:"))) }
            }
        }
        return files.map(folder)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Whether `path` is `folder` or lies in it.
    private static func contains(_ folder: String, _ path: String) -> Bool { path == folder || path.hasPrefix(folder + "/") }

    private static func unique(_ paths: [String]) -> [String] {
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }
}
