import CrashModel
import Directory
import DurableStorage
import MailVocabulary
import MessageQueue
import NIOCore
import Testing

@testable import CoreService

/// The power goes at every step of the first start and of a start after an accepted loss.
@Suite("A first start that is cut off")
struct FirstStartTests {
    private static let domains = DirectoryDomains(
        authoritative: [DomainName(parsing: "postern.test")!], shared: [], defaultDomain: DomainName(parsing: "postern.test")!)

    /// As the core does it.
    private static func start(_ folder: String, _ fileSystem: any FileSystem, vfs: String? = nil, then: () throws -> Void = {}) throws {
        try fileSystem.makeDirectories(folder, mode: 0o700)
        let opening = StateOpening(folder: StateFolder(path: folder), fileSystem: fileSystem, vfs: vfs)
        try opening.begin()
        let queue = try opening.openQueue()
        let directory = try opening.openDirectory(domains: domains)
        try opening.finish()
        try withExtendedLifetime((queue, directory)) { try then() }
    }

    @Test("does not lock the administrator out: the next start goes on, whatever is left; after it a missing database is a loss")
    func firstStart() async throws {
        let report = try await CrashExplorer(maximumFailures: 3).run { recorder in
            try Self.start(recorder.root, recorder.fileSystem, vfs: recorder.vfsName) { recorder.mark("ready") }
        } recover: { crashed in
            let system = POSIXFileSystem()
            if crashed.marks.contains("ready") {
                let contents = try StateContents(of: StateFolder(path: crashed.folder), system)
                guard contents.absent.isEmpty, contents.permitted.isEmpty else { throw CrashViolation("ready, and there is \(contents)") }
            }
            try Self.start(crashed.folder, system)
            for database in StateFolder.Database.allCases {
                let path = StateFolder(path: crashed.folder).path(of: database)
                try system.rename(path, to: path + ".elsewhere")
                do {
                    try Self.start(crashed.folder, system)
                    throw CrashViolation("\(database.fileName) was made anew")
                } catch is MissingState {}
                try system.rename(path + ".elsewhere", to: path)
            }
        }
        #expect(report.failures.isEmpty, "\(report)")
        #expect(report.images > 50)
        print("first start: \(report.steps) steps, \(report.images) states recovered from")
    }

    @Test("a content folder that is gone with content that the queue names is refused; one without is made again")
    func contentFolder() throws {
        let folder = try TemporaryFolder()
        let system = POSIXFileSystem()
        let state = StateFolder(path: "\(folder.path)/state")
        try Self.start(state.path, system)
        try system.rename(state.contentPath, to: "\(folder.path)/elsewhere")
        try Self.start(state.path, system)
        #expect(try system.exists(state.contentPath))

        let id = QueueID(value: 1_700_000_000_000_000)
        let database = try QueueDatabase(path: state.path(of: .queue))
        try database.apply([
            .enqueue(
                QueuedMessage(
                    id: id, receivedAt: Timestamp(microseconds: id.value), sender: EnvelopeSender(reversePath: .null), origin: .system,
                    size: 100_000, has8BitOctets: false, content: .file,
                    recipients: [
                        QueuedRecipient(
                            index: 0, recipient: EnvelopeRecipient(address: EmailAddress(parsing: "u@far.test")!),
                            route: Route(connector: "far", nextHop: "domain:far.test", carrier: .delivery))
                    ]))
        ])
        try system.rename(state.contentPath, to: "\(folder.path)/elsewhere too")
        for _ in 1...2 {
            #expect(throws: MissingState.self) { try Self.start(state.path, system) }
            #expect(try !system.exists(state.contentPath), "a refused start makes nothing")
        }
        try system.rename("\(folder.path)/elsewhere too", to: state.contentPath)
        try Self.start(state.path, system)
    }
}
