import DurableStorage
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix

/// Takes the content of one message as it comes: small content stays in memory, larger content goes into a file as it grows.
///
/// Confined to the core's event loop; the file is touched on a file thread, by one piece of work at a time.
final class ContentSink {
    /// Content up to this many octets goes into the database, beside its envelope.
    static let inlineLimit = 64 * 1024

    /// The open file, handed from one piece of work to the next.
    private final class File: @unchecked Sendable {
        // Invariant: used by one piece of work at a time; the next starts when the event loop has heard of the end of the last.
        var file: (any OpenFile)?
        /// Of what has been written.
        var checksum = CRC32C()
    }

    private let id: QueueID
    private let files: ContentFiles
    private let folder: FolderSync
    private let threads: NIOThreadPool
    private let eventLoop: any EventLoop
    private var buffer = ByteBuffer()
    private let file = File()
    private var hasFile = false
    private var isBusy = false
    /// Once set, what still comes is counted and not kept, and the file is gone already.
    private var failure: StoreError?
    private var waiting: (() -> Void)?
    private(set) var octets = 0
    private var isDiscarded = false

    init(id: QueueID, core: Core) {
        (self.id, files, folder) = (id, core.contentFiles, core.contentFolder)
        (threads, eventLoop) = (core.fileThreads, core.eventLoop)
    }

    /// Takes a chunk.
    ///
    /// - Returns: false where the sink is busy: nothing more may come before `whenReady` says so.
    func append(_ chunk: ByteBuffer) -> Bool {
        octets += chunk.readableBytes
        if failure != nil || isDiscarded { return true }
        if !hasFile, octets <= Self.inlineLimit {
            buffer.writeImmutableBuffer(chunk)
            return true
        }
        hasFile = true
        buffer.writeImmutableBuffer(chunk)
        // Gathered, so that a chunk of a packet's size does not cost a system call and two changes of thread.
        if buffer.readableBytes < Self.inlineLimit { return true }
        write()
        return false
    }

    /// Called once, when the piece of work under way is done.
    func whenReady(_ body: @escaping () -> Void) {
        if isBusy { waiting = body } else { body() }
    }

    /// The content is complete; makes it durable as far as it lies in a file. After a failure nothing of it is left.
    ///
    /// - Parameter completion: is given the content, and the checksum of what lies in a file.
    func finish(_ completion: @escaping (Result<(QueuedContent, checksum: UInt32?), StoreError>) -> Void) {
        if let failure { return completion(.failure(failure)) }
        guard hasFile else { return completion(.success((.inline(buffer), nil))) }
        write(sync: true)
        whenReady { [self] in
            if let failure { return completion(.failure(failure)) }
            // The caller discards the file after a failure: where its entry may not last, neither may the message.
            folder.sync { [file] in completion($0.map { (.file, file.checksum.value) }) }
        }
    }

    /// The message will not be: what is there goes, and what still comes is counted only.
    func discard() {
        guard !isDiscarded else { return }
        isDiscarded = true
        buffer = ByteBuffer()
        guard hasFile else { return }
        whenReady { [self] in
            // A file that stays is an orphan, and is set aside at the next start.
            threads.runIfActive(eventLoop: eventLoop) { [file, files, id] in
                file.file = nil
                try files.removeIfThere(id)
            }.whenFailure { _ in }
        }
    }

    private func write(sync: Bool = false) {
        isBusy = true
        let bytes = buffer
        buffer = ByteBuffer()
        threads.runIfActive(eventLoop: eventLoop) { [file, files, id] in
            let open = try file.file ?? files.fileSystem.create(files.path(of: id), mode: 0o600)
            file.file = open
            do {
                try bytes.withUnsafeReadableBytes {
                    try open.write($0)
                    file.checksum.update($0)
                }
                guard sync else { return }
                try open.sync()
                try open.close()
                file.file = nil
            } catch {
                file.file = nil
                // A full disk needs the space now, not at the next start. Where even that fails, it is an orphan, and is set aside then.
                try? files.removeIfThere(id)
                throw error
            }
        }.assumeIsolated().whenComplete { [self] result in
            isBusy = false
            if case .failure(let error) = result { failure = StoreError(error) }
            let waiting = waiting
            self.waiting = nil
            waiting?()
        }
    }
}
