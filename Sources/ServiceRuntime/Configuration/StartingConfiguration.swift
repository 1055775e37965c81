import CoreLink
import Glibc
import Topology
import TopologyFile
import TrustedFiles

/// What a daemon starts with. While a system runs there is one configuration, the one that its core has accepted: a daemon that is started again
/// takes that, and not what has been written into the file since. The file is for a first start.
struct StartingConfiguration {
    enum Origin: String, Sendable {
        case file
        /// `postern up` handed it down.
        case supervisor
        /// The core told it.
        case core
        /// An earlier core left it.
        case earlierCore
    }

    let topology: Topology
    let origin: Origin
    /// The file says something else, or nothing that can be used.
    let differsFromFile: Bool

    struct Unusable: Error {
        let findings: [Finding]
    }

    /// How long a daemon waits for a core where the file cannot be used.
    private static let patience = Duration.seconds(10)

    /// Finds the configuration for a daemon that starts now. Blocks: on files, and on the core where there is one.
    ///
    /// - Throws: the errors of the file, where nothing else can be had.
    static func find(of role: Role, path: String, surroundings: NetworkSurroundings) throws(Unusable) -> StartingConfiguration {
        var search = Search(role: role, path: path, surroundings: surroundings)
        if let text = HandedConfiguration.take(), let found = search.usable(text, .supervisor) { return found }
        // Root believes the file and its supervisor, and no process or file of a lesser account.
        if !Account.isSuperuser, let found = role == .core ? search.left() : search.told() { return found }
        switch search.file {
        case .loaded(let topology, _): return StartingConfiguration(topology: topology, origin: .file, differsFromFile: false)
        case .failed(let findings): throw Unusable(findings: findings)
        }
    }

    private struct Search {
        let role: Role
        let path: String
        let surroundings: NetworkSurroundings
        /// What the file says now.
        private let inFile: Result<[UInt8], TopologyFile.Unreadable>
        /// A large file takes seconds to read: only where it is needed, and once.
        private(set) lazy var file = read(inFile)

        init(role: Role, path: String, surroundings: NetworkSurroundings) {
            (self.role, self.path, self.surroundings) = (role, path, surroundings)
            inFile = TopologyFile.text(path: path)
        }

        private func read(_ text: Result<[UInt8], TopologyFile.Unreadable>) -> LoadResult {
            switch text {
            case .success(let text): TopologyFile.parse(text, path: path, files: .of(role), surroundings: surroundings)
            case .failure(let unreadable): .failed([unreadable.finding])
            }
        }

        /// nil where this program cannot use it: it may be another version's, or name a file that is gone.
        mutating func usable(_ text: [UInt8], _ origin: Origin) -> StartingConfiguration? {
            let isInFile = (try? inFile.get()) == text  // One that cannot be read says something else.
            guard let topology = (isInFile ? file : read(.success(text))).topology else { return nil }
            return StartingConfiguration(topology: topology, origin: origin, differsFromFile: !isInFile)
        }

        /// By the core that ran before.
        mutating func left() -> StartingConfiguration? {
            let directory = file.topology?.stateDirectory ?? TopologyFile.whereabouts(path: path)?.stateDirectory
            let kept = KeptConfiguration(of: path, in: directory ?? Topology.defaultStateDirectory)
            guard let text = kept.take() else { return nil }
            return usable(text, .earlierCore)
        }

        /// By the core that runs; where the file cannot be used, one that comes soon is waited for.
        mutating func told() -> StartingConfiguration? {
            guard let name = role.link else { return nil }
            let address = LinkAddress(of: name, file: file, path: path)
            let end = ContinuousClock.now + patience
            while true {
                do throws(LinkError) {
                    return usable(try ConfigurationRequest.text(at: address, as: name), .core)
                } catch {
                    switch error {
                    case .unreachable, .closed, .timedOut: break
                    case .refused, .impostor, .versionMismatch, .malformed, .exhausted: return nil
                    }
                    guard file.topology == nil, ContinuousClock.now < end else { return nil }
                    usleep(200_000)
                }
            }
        }
    }
}

extension Role {
    /// The socket over which it talks with the core; nil for the core itself.
    var link: RoleName? {
        switch self {
        case .core: nil
        case .edge: .edge
        case .submission: .submission
        case .auth: .authentication
        case .delivery: .delivery
        case .mailbox: .mailbox
        }
    }
}

extension LinkAddress {
    /// A role's socket as far as a file tells where it is that may have errors.
    fileprivate init(of role: RoleName, file: LoadResult, path: String) {
        if case .loaded(let topology, _) = file {
            self.init(of: role, in: topology)
            return
        }
        let whereabouts = TopologyFile.whereabouts(path: path)
        let folder = whereabouts?.runtimeDirectory ?? Topology.defaultRuntimeDirectory
        var listeners: Set<UInt32> = [0, Account.current.userID]
        let core = whereabouts?.coreAccount.flatMap { try? Account.named($0) }?.userID
        // Without a number for the core's account the modes of the folders are what there is.
        guard UserNamespace.has(core ?? UserNamespace.unmapped) else {
            self.init(path: role.path(in: folder))
            return
        }
        if let core { listeners.insert(core) }
        // Where the file does not name the core's account, the folder of its sockets is its own, or root's.
        var status = stat()
        if let folder = try? TrustedFolder.open(folder), fstat(folder.descriptor, &status) == 0 { listeners.insert(status.st_uid) }
        self.init(path: role.path(in: folder), listeners: listeners)
    }
}
