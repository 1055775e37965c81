import MessageQueue
import NIOCore
import NIOPosix

/// Syncs the folder of the content files for everyone who waits for it at once: the group commit of directory entries.
///
/// A sync covers only files that were there when it began, so whoever comes while one is under way is served by the next. Confined to
/// the core's event loop; the sync itself runs on a file thread.
final class FolderSync {
    typealias Completion = (Result<Void, StoreError>) -> Void

    private let files: ContentFiles
    private let threads: NIOThreadPool
    private let eventLoop: any EventLoop
    private var waiting: [Completion] = []
    private var isSyncing = false

    init(of files: ContentFiles, threads: NIOThreadPool, on eventLoop: any EventLoop) {
        (self.files, self.threads, self.eventLoop) = (files, threads, eventLoop)
    }

    /// - Parameter completion: called on the event loop when every entry that the folder had at this call is durable, or with why
    ///   none can be relied on.
    func sync(_ completion: @escaping Completion) {
        waiting.append(completion)
        if !isSyncing { syncNext() }
    }

    private func syncNext() {
        let served = waiting
        waiting = []
        isSyncing = true
        threads.runIfActive(eventLoop: eventLoop) { [files] in try files.syncFolder() }.assumeIsolated().whenComplete { [self] result in
            isSyncing = false
            let result = result.mapError { StoreError($0) }
            for completion in served { completion(result) }
            if !isSyncing, !waiting.isEmpty { syncNext() }
        }
    }
}
