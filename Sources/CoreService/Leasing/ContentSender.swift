import CoreLink
import DurableStorage
import NIOCore
import NIOPosix

/// Sends the content of a message from its file, as fast as the holder takes it. Confined to the core's event loop.
final class ContentSender {
    private final class File: @unchecked Sendable {
        // Invariant: used by one piece of work at a time; the next starts when the event loop has heard of the end of the last.
        var file: (any OpenFile)?
    }

    private let path: String
    private let fileSystem: any FileSystem
    private let threads: NIOThreadPool
    private let eventLoop: any EventLoop
    private let connection: LinkChannel<LeaseRequest, LeaseResponse>
    private let file = File()
    private var offset = 0
    private var isReading = false
    private var completion: ((Result<Void, any Error>) -> Void)?

    /// - Parameter completion: called once, when all is sent or it cannot be read.
    init(
        path: String, core: Core, connection: LinkChannel<LeaseRequest, LeaseResponse>,
        completion: @escaping (Result<Void, any Error>) -> Void
    ) {
        (self.path, fileSystem, threads) = (path, core.contentFiles.fileSystem, core.fileThreads)
        (eventLoop, self.connection, self.completion) = (core.eventLoop, connection, completion)
    }

    /// Reads and sends on, unless the holder's socket is full: then it is called again when it is not.
    func proceed() {
        guard !isReading, completion != nil, connection.isOpen, connection.isWritable else { return }
        isReading = true
        let offset = offset
        threads.runIfActive(eventLoop: eventLoop) { [file, fileSystem, path] in
            let open = try file.file ?? fileSystem.open(path)
            file.file = open
            var chunk = ByteBuffer()
            try chunk.writeWithUnsafeMutableBytes(minimumWritableBytes: Frame.maximumContent) {
                try open.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<Frame.maximumContent]), at: offset)
            }
            return chunk
        }.assumeIsolated().whenComplete { [self] result in
            isReading = false
            // Cancelled meanwhile: what follows on this connection belongs to other work.
            guard completion != nil else { return }
            switch result {
            case .failure(let error): finish(.failure(error))
            case .success(let chunk) where chunk.readableBytes == 0:
                connection.send(.contentEnded)
                connection.flush()
                finish(.success(()))
            case .success(let chunk):
                self.offset += chunk.readableBytes
                connection.send(.content(chunk))
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
