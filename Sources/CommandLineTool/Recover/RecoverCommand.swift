import ArgumentParser
import DurableStorage
import ServiceRuntime
import Topology
import TopologyFile
import TrustedFiles

#if canImport(Glibc)
    import Glibc
#endif

/// `postern recover`
struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Save what can be read of a damaged database, or give up one that is missing.",
        discussion: """
            Run it as root or as the core's account, with the core stopped. Row by row, whatever can be read goes into a new database, and the \
            damaged file is kept beside it as queue.sqlite.damaged-TIME. Nothing is changed where the database is sound.

            A core does not start where one database is missing and other parts of its state are there: a volume that is not mounted looks \
            like that. Mount it, or restore the backup. Only where the data is lost for good, --accept-missing lets the next start make an \
            empty database.
            """)

    @Argument(help: "queue or directory.") var database: StateFolder.Database
    @Flag(help: "Let the next start of the core make this database anew, since it is lost.") var acceptMissing = false
    @OptionGroup var file: ConfigurationOption

    func run() throws {
        let topology: Topology
        switch TopologyFile.load(path: file.path) {
        case .loaded(let loaded, _): topology = loaded
        case .failed(let findings):
            for finding in findings { Environment.printError(finding.text) }
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        let folder = StateFolder(path: topology.stateDirectory)
        do {
            try Self.becomeOwner(of: folder)
            let recovery = StateRecovery(folder, fileSystem: POSIXFileSystem())
            let lines = try acceptMissing ? recovery.accept(database) : recovery.recover(database)
            StandardOutput.print(lines.joined(separator: "\n"))
        } catch {
            Environment.printError("postern: \(error)")
            throw ExitCode(Self.status(of: error).rawValue)
        }
    }

    /// As root, acts as the account that the state belongs to: what is made must be that account's.
    private static func becomeOwner(of folder: StateFolder) throws {
        guard Account.isSuperuser else { return }
        var status = stat()
        // Where there is no folder, the recovery says so.
        guard stat(folder.path, &status) == 0, status.st_uid != 0 else { return }
        guard let account = try Account.of(userID: status.st_uid) else {
            throw StateRecovery.Refusal(
                "\(folder.path) belongs to user \(status.st_uid), whom this system does not know: run it as that user")
        }
        try Privileges.drop(to: account)
    }

    private static func status(of error: any Error) -> ExitStatus {
        switch error {
        case is StateRecovery.Refusal: .dataError
        case is FolderLock.InUse, is AccountError: .osError
        case SchemaError.newerThanProgram: .configuration
        case let error as FileError where error.errorNumber == EACCES || error.errorNumber == EPERM: .notPermitted
        default: .inputOutput
        }
    }
}

extension StateFolder.Database: ExpressibleByArgument {}
