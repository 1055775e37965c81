import ArgumentParser
import Confinement
import Glibc
import Logging
import ServiceRuntime
import Topology
import TopologyFile
import TrustedFiles

/// `postern confine ROLE PROGRAM…`: becomes a program that is held to a role's bounds. `postern up --sandbox` starts daemons by it.
///
/// The process stays the same through it: its id and its descriptors are what the supervisor knows the daemon by.
struct ConfineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confine", abstract: "Become a program that is held to the bounds of a role.",
        discussion: "postern confine edge --config postern.yaml -- postern-edge --config postern.yaml", shouldDisplay: false)

    @OptionGroup var file: ConfigurationOption
    @Argument(help: "core, edge, submission, auth, delivery or mailbox.") var role: String
    @Argument(help: "The program, with its folder, and its arguments.") var program: [String]

    func validate() throws {
        guard Role(rawValue: role) != nil else { throw ValidationError("there is no role '\(role)'") }
        guard program.first?.hasPrefix("/") == true else { throw ValidationError("the program must be named with its whole path") }
    }

    func run() throws {
        guard let role = Role(rawValue: role), let executable = program.first else { throw ExitCode(ExitStatus.usage.rawValue) }
        let topology = try handedTopology(role) ?? file.topology(files: .of(role))
        guard let folder = ProcessSupervisor.ownFolder() else { throw failure("/proc/self/exe: \(String(cString: strerror(errno)))") }
        try makeFolders(topology, role)
        do throws(ConfinementError) {
            let confinement = try Confinement.apply(Bounds(of: role, in: topology, programs: [folder] + Self.libraryFolders()))
            let logger = Logger(label: "up") { _ in
                PosternLogHandler(
                    process: "up", format: LogFormat(topology.logs.format), threshold: LogThreshold(Logger.Level(topology.logs.level)))
            }
            logger.log(level: confinement.missing.isEmpty ? .info : .notice, "\(role.rawValue) is held to its bounds: \(confinement)")
        } catch {
            throw failure("\(role.rawValue) cannot be held to its bounds: \(error)")
        }
        // What applies to this thread goes on with exec(2), also where it is not the first one; so would the signals that the threads of a
        // pool block.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        setenv(Daemon.sandboxVariable, "1", 1)
        var arguments = program.map { strdup($0) }
        arguments.append(nil)
        execv(executable, arguments)
        throw failure("\(executable): \(String(cString: strerror(errno)))")
    }

    /// What the supervisor handed down, which the daemon will run with; nil where it did not, or the daemon cannot use it.
    private func handedTopology(_ role: Role) -> Topology? {
        HandedConfiguration.text().flatMap { TopologyFile.parse($0, path: file.path, files: .of(role)).topology }
    }

    /// Makes the folders that daemons make themselves without bounds: a folder that is not there can neither be allowed nor hidden, and all
    /// daemons are started at once.
    private func makeFolders(_ topology: Topology, _ role: Role) throws {
        let owner = try Account.isSuperuser ? topology.runAs.account(of: .core).map(Account.named) : nil
        try makeFolder(topology.stateDirectory, mode: 0o700, owner: owner)
        try makeFolder(topology.runtimeDirectory, mode: topology.runAs.accounts.isEmpty ? 0o700 : 0o755, owner: nil)
        guard role == .mailbox else { return }
        let mailbox = try Account.isSuperuser ? topology.runAs.account(of: .mailbox).map(Account.named) : nil
        for root in Bounds.maildirRoots(topology) where access(root, F_OK) != 0 { try makeFolder(root, mode: 0o700, owner: mailbox) }
    }

    /// - Parameter mode: of the last folder; those above it are 0755.
    private func makeFolder(_ path: String, mode: mode_t, owner: Account?) throws {
        do throws(TrustedFileError) {
            _ = try TrustedFolder.make(
                path, mode: mode, modeAbove: 0o755, owner: owner.map { FileOwner(user: $0.userID, group: $0.groupID) })
        } catch {
            throw failure("\(error)")
        }
    }

    /// Where this program has its libraries from: the daemons beside it have the language's from there too, wherever that is installed.
    private static func libraryFolders() -> [String] {
        guard let maps = fopen("/proc/self/maps", "re") else { return [] }
        defer { fclose(maps) }
        var folders: Set<String> = []
        var line = [CChar](repeating: 0, count: 8192)
        while fgets(&line, Int32(line.count), maps) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            guard let path = text.firstIndex(of: "/"), let slash = text.lastIndex(of: "/"), text[slash...].contains(".so") else { continue }
            folders.insert(String(text[path..<slash]))
        }
        return folders.sorted()
    }

    private func failure(_ sentence: String) -> ExitCode {
        Environment.printError("postern: \(sentence)")
        return ExitCode(ExitStatus.osError.rawValue)
    }
}
