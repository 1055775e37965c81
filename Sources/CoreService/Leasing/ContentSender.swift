import CoreLink
import DurableStorage
import MessageQueue
import NIOCore
import NIOPosix

/// Sends the content of a message from its file, as fast as the holder takes it. Confined to the core's event loop.
///
/// The end is sent only when all of the content has the checksum that it had when it came in: a holder that has not seen the end delivers
/// nothing.
final class ContentSender {
    private final class File: @unchecked Sendable {
        // Invariant: used by one piece of work at a time; the next starts when the event loop has heard of the end of the last.
        var file: (any OpenFile)?
        /// Of what has been read.
        var checksum = CRC32C()
    }

    private let path: String
    /// What the queue says of the content.
    private let size: Int
    private let checksum: UInt32?
    private let fileSystem: any FileSystem
    private let threads: NIOThreadPool
    private let eventLoop: any EventLoop
    private let connection: LinkChannel<LeaseRequest, LeaseResponse>
    private let file = File()
    private var offset = 0
    private var isReading = false
    private var completion: ((Result<Void, any Error>) -> Void)?

    /// - Parameter completion: called once, when all is sent, or with why it cannot be: `MessageDamage` where the content is another than
    ///   it was.
    init(
        _ head: MessageHead, core: Core, connection: LinkChannel<LeaseRequest, LeaseResponse>,
        completion: @escaping (Result<Void, any Error>) -> Void
    ) {
        (path, size, checksum) = (core.contentFiles.path(of: head.id), head.size, head.checksum)
        (fileSystem, threads) = (core.contentFiles.fileSystem, core.fileThreads)
        (eventLoop, self.connection, self.completion) = (core.eventLoop, connection, completion)
    }

    /// Reads and sends on, unless the holder's socket is full: then it is called again when it is not.
    func proceed() {
        guard !isReading, completion != nil, connection.isOpen, connection.isWritable else { return }
        isReading = true
        let (offset, size, checksum) = (offset, size, checksum)
        threads.runIfActive(eventLoop: eventLoop) { [file, fileSystem, path] in
            let open = try file.file ?? fileSystem.open(path)
            if file.file == nil {
                file.file = open
                let found = try open.size()
                guard found == size else { throw MessageDamage("\(path) has \(found) octets, and not the \(size) that came in") }
            }
            var chunk = ByteBuffer()
            let wanted = min(Frame.maximumContent, size - offset)
            try chunk.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) {
                let room = UnsafeMutableRawBufferPointer(rebasing: $0[..<wanted])
                let count = try open.read(into: room, at: offset)
                file.checksum.update(UnsafeRawBufferPointer(rebasing: room[..<count]))
                return count
            }
            guard chunk.readableBytes > 0 || wanted == 0 else { throw MessageDamage("\(path) ends before its \(size) octets") }
            // Before the last chunk goes out: without it nobody has the message.
            if offset + chunk.readableBytes == size, let checksum, file.checksum.value != checksum {
                throw MessageDamage("\(path) does not have the checksum that it had when it came in")
            }
            return chunk
        }.assumeIsolated().whenComplete { [self] result in
            isReading = false
            // Cancelled meanwhile: what follows on this connection belongs to other work.
            guard completion != nil else { return }
            switch result {
            case .failure(let error): finish(.failure(error))
            case .success(let chunk):
                self.offset += chunk.readableBytes
                if chunk.readableBytes > 0 { connection.send(.content(chunk)) }
                guard self.offset < size else {
                    connection.send(.contentEnded)
                    connection.flush()
                    return finish(.success(()))
                }
                connection.flush()
                proceed()
            }
        }
    }

    /// Sends nothing more, and calls nobody.
    func cancel() { completion = nil }

    private func finish(_ result: Result<Void, any Error>) {
        let completion = completion
        self.completion = nil
        completion?(result)
    }
}
