import CoreLink
import CrashModel
import Directory
import DurableStorage
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import Synchronization
import Topology
import TopologyFile

@testable import CoreService
@testable import MessageQueue

/// The core's own objects over storage that is recorded, and an edge's end of the link to submit by.
final class CoreUnderTest: Sendable {
    private final class Parts {
        let core: Core
        let store: SQLiteQueueStore
        let edge: LinkServer<EdgeLink>
        let delivery: LinkServer<DeliveryLink>
        let threads: NIOThreadPool

        init(
            core: Core, store: SQLiteQueueStore, edge: LinkServer<EdgeLink>, delivery: LinkServer<DeliveryLink>, threads: NIOThreadPool
        ) {
            (self.core, self.store, self.edge, self.delivery, self.threads) = (core, store, edge, delivery, threads)
        }
    }

    struct Refused: Error { let reply: String }

    let loop: any EventLoop
    private let parts: NIOLoopBound<Parts>
    /// Outside of what is recorded: configuration, directory, socket.
    private let outside: TemporaryFolder
    let revision: String
    private let next: NextConfiguration
    var edgePath: String { "\(outside.path)/edge.sock" }
    var deliveryPath: String { "\(outside.path)/delivery.sock" }

    init(
        _ recorder: StorageRecorder, on loop: any EventLoop, configuration: String = CoreUnderTest.configuration,
        log: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        prepare: @escaping @Sendable (Directory) throws -> Void = { _ in },
        beforeReading: (@Sendable () -> Void)? = nil
    ) async throws {
        self.loop = loop
        let outside = try TemporaryFolder()
        self.outside = outside
        let file = "\(outside.path)/postern.yaml"
        let handle = try POSIXFileSystem().create(file, mode: 0o600)
        try handle.write(Array(configuration.utf8))
        try handle.close()
        let topology: Topology
        switch TopologyFile.load(path: file) {
        case .loaded(let loaded, _): topology = loaded
        case .failed(let findings): throw Refused(reply: "\(findings)")
        }
        revision = topology.revision
        let next = NextConfiguration(topology)
        self.next = next
        parts = try await loop.submit {
            let threads = NIOThreadPool(numberOfThreads: 4)
            threads.start()
            let files = ContentFiles(directory: "\(recorder.root)/content", fileSystem: recorder.fileSystem)
            try files.prepare()
            let path = "\(recorder.root)/queue.sqlite"
            let database = try QueueDatabase(path: path, vfs: recorder.vfsName)
            let (epoch, largest) = (try database.nextEpoch(), try database.largestMessageID())
            let holders = try database.holders()
            let store = try SQLiteQueueStore(database: database, path: path, vfs: recorder.vfsName, on: loop)
            try recorder.fileSystem.syncDirectory(recorder.root)
            let directory = try Directory(path: "\(outside.path)/directory.sqlite", domains: DirectoryDomains(topology))
            try prepare(directory)
            let core = Core(
                topology: topology, directory: directory, store: store, contentFiles: files, epoch: epoch, largestID: largest,
                holders: holders, fileThreads: threads, on: loop, log: log,
                readConfiguration: {
                    beforeReading?()
                    return .success(next.topology.withLock { $0 })
                })
            core.queue.start()
            let edge = LinkServer<EdgeLink>(access: .init(userIDs: nil), revision: topology.revision, on: loop, log: { _ in }) {
                link, _ in
                core.begin(SubmitSession(core: core, edge: link))
            }
            var token: UInt64 = 0
            let delivery = LinkServer<DeliveryLink>(access: .init(userIDs: nil), revision: topology.revision, on: loop, log: { _ in }) {
                link, peer in
                token += 1
                core.begin(
                    LeaseServerSession(
                        core: core, connection: link, carrier: .delivery, holder: peer.holder, processID: peer.processID, token: token))
            }
            return NIOLoopBound(Parts(core: core, store: store, edge: edge, delivery: delivery, threads: threads), eventLoop: loop)
        }.get()
        let (edgePath, deliveryPath) = (edgePath, deliveryPath)
        try await loop.flatSubmit { [parts] in
            parts.value.edge.listen(path: edgePath).and(parts.value.delivery.listen(path: deliveryPath)).map { _ in }
        }.get()
    }

    /// A core of a test's own, over storage in a folder of its own, until the body is done.
    static func with(
        configuration: String = CoreUnderTest.configuration,
        log: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        prepare: @escaping @Sendable (Directory) throws -> Void = { _ in },
        _ body: (CoreUnderTest, StorageRecorder) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        let core = try await CoreUnderTest(
            recorder, on: MultiThreadedEventLoopGroup.singleton.next(), configuration: configuration, log: log, prepare: prepare)
        try await body(core, recorder)
        try await core.close()
    }

    /// Runs on the core's event loop.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Core) throws -> Value) async throws -> Value {
        try await loop.submit { [parts] in try body(parts.value.core) }.get()
    }

    /// The configuration that the next reload finds.
    private final class NextConfiguration: Sendable {
        let topology: Mutex<Topology>
        init(_ topology: Topology) { self.topology = Mutex(topology) }
    }

    /// Takes another configuration, as a reload does.
    func reload(_ configuration: String) async throws {
        let file = "\(outside.path)/\(configuration.hashValue).yaml"
        let handle = try POSIXFileSystem().create(file, mode: 0o600)
        try handle.write(Array(configuration.utf8))
        try handle.close()
        guard case .loaded(let topology, _) = TopologyFile.load(path: file) else { throw Refused(reply: configuration) }
        next.topology.withLock { $0 = topology }
        _ = try await loop.flatSubmit { [parts] in parts.value.core.reload() }.get().get()
    }

    /// The message as the queue holds it.
    func message(_ id: QueueID) async throws -> StoredMessage? {
        try await loop.flatSubmit { [parts] in parts.value.core.queue.message(id) }.get()
    }

    func counts() async throws -> QueueCounts {
        try await loop.flatSubmit { [parts] in parts.value.core.queue.counts() }.get()
    }

    static let configuration = """
        version: 1
        hostname: mx.postern.test
        default_domain: postern.test
        state_directory: state
        runtime_directory: run
        virtual_servers:
          internet: { role: edge, listen: ["127.0.0.1:2525"] }
        connectors:
          far:
            address_spaces: [{ domain: far.test }]
            deliver: { smart_hosts: ["[127.0.0.1]:9"] }
            relay: true
        """

    /// Submits one message as the edge does.
    ///
    /// - Returns: its id, when the core has answered 250.
    func submit(
        _ content: [UInt8], from sender: EnvelopeSender = EnvelopeSender(reversePath: .null),
        to recipients: [EnvelopeRecipient] = [EnvelopeRecipient(address: EmailAddress(parsing: "u@far.test")!)],
        has8BitOctets: Bool = false
    ) async throws -> QueueID {
        let (path, revision) = (edgePath, revision)
        let done = loop.makePromise(of: QueueID.self)
        loop.execute { [loop] in
            LinkClient<EdgeLink>.connect(to: .init(path: path), holder: 1, revision: revision, on: loop) { result in
                guard case .success(let client) = result else { return done.fail(Refused(reply: "\(result)")) }
                var id: QueueID?
                var unanswered = recipients.count
                client.connection.onClosed = { done.fail(Refused(reply: "\($0)")) }
                client.connection.onMessage = { response in
                    switch response {
                    case .began(let began): id = began
                    case .mechanismsOff: done.fail(Refused(reply: "\(response)"))
                    case .recipient(let reply):
                        guard reply.isPositive else { return done.fail(Refused(reply: "\(reply)")) }
                        unanswered -= 1
                        guard unanswered == 0 else { return }
                        var rest = ByteBuffer(bytes: content)
                        while let chunk = rest.readSlice(length: min(rest.readableBytes, 20_000)), chunk.readableBytes > 0 {
                            client.connection.send(.content(chunk))
                        }
                        client.connection.send(.commit(octets: UInt64(content.count), has8BitOctets: has8BitOctets))
                        client.connection.flush()
                    case .committed(let reply):
                        if let id, reply.isPositive { done.succeed(id) } else { done.fail(Refused(reply: "\(reply)")) }
                        client.connection.close()
                    }
                }
                client.connection.send(
                    .begin(
                        SessionFacts(virtualServer: "internet", clientAddress: IPAddress(ipv4: 0x7F00_0001)),
                        sender))
                for recipient in recipients { client.connection.send(.recipient(recipient)) }
                client.connection.flush()
            }
        }
        return try await done.futureResult.get()
    }

    func close() async throws {
        let done = loop.makePromise(of: Void.self)
        loop.execute { [parts, loop] in
            parts.value.core.daemons.stop()
            parts.value.edge.stopListening()
            parts.value.delivery.stopListening()
            for connection in parts.value.edge.openConnections { connection.close() }
            for connection in parts.value.delivery.openConnections { connection.close() }
            Self.whenUnused(parts, on: loop) { done.completeWith(parts.value.store.close()) }
        }
        try await done.futureResult.get()
        try await loop.submit { [parts] in parts.value.threads }.get().shutdownGracefully()
    }

    /// Each session holds the core, and with it the store, until it has seen the end of its connection.
    private static func whenUnused(_ parts: NIOLoopBound<Parts>, on loop: any EventLoop, _ completion: @escaping @Sendable () -> Void) {
        guard !parts.value.edge.openConnections.isEmpty || !parts.value.delivery.openConnections.isEmpty else { return completion() }
        loop.scheduleTask(in: .milliseconds(1)) { whenUnused(parts, on: loop, completion) }
    }
}
