import Logging
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix

/// Sets content files aside that no message names, keeps damaged content aside, and removes both when they have been kept long enough.
///
/// Confined to the core's event loop; the files are touched on file threads.
final class AsideKeeper {
    /// Between two sweeps. A file is kept that much longer at most.
    private static let interval = TimeAmount.hours(6)

    private let files: ContentFiles
    private let threads: NIOThreadPool
    private let eventLoop: any EventLoop
    private let log: Logger
    /// As of the last sweep, and what has come since.
    private(set) var contents = AsideContents()

    init(_ files: ContentFiles, threads: NIOThreadPool, on eventLoop: any EventLoop, log: Logger) {
        (self.files, self.threads, self.eventLoop, self.log) = (files, threads, eventLoop, log)
    }

    /// Looks for orphans once, behind a start, and sweeps from then on.
    ///
    /// - Parameter id: files of this message and later ones belong to transactions under way.
    func begin(_ store: SQLiteQueueStore, before id: QueueID) {
        store.setOrphansAside(of: files, before: id, on: threads).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let sweep):
                if sweep.setAside > 0 {
                    log.warning(
                        "content files that no message names were set aside",
                        metadata: ["count": "\(sweep.setAside)", "folder": "\(files.asideDirectory)", "kept_for": "7 days"])
                }
                if let error = sweep.firstFailure {
                    log.warning(
                        "content files that no message names could not be set aside; the next start tries again",
                        metadata: ["count": "\(sweep.failed)", "error": "\(error)"])
                }
            case .failure(let error):
                log.warning("could not look for content files that no message names", metadata: ["error": "\(error)"])
            }
            sweep()
        }
    }

    private func sweep() {
        threads.runIfActive(eventLoop: eventLoop) { [files] in try files.sweepAside(now: .now()) }.assumeIsolated().whenComplete {
            [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let found):
                contents = found
                if found.removed > 0 {
                    log.notice("removed content files that were kept aside for 7 days", metadata: ["count": "\(found.removed)"])
                }
                if let error = found.firstFailure {
                    log.warning("a content file kept aside cannot be removed", metadata: ["error": "\(error)"])
                }
            case .failure(let error): log.warning("content files kept aside cannot be read", metadata: ["error": "\(error)"])
            }
            eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { [weak self] in self?.sweep() }
        }
    }

    /// Keeps the damaged content of a message, so that it is still there for some days after the message has left the queue.
    func keep(_ head: MessageHead) {
        let (files, id, content) = (files, head.id, head.content)
        threads.runIfActive(eventLoop: eventLoop) {
            switch content {
            case .damaged(let octets): try files.keepAside(id, octets)
            case .file: try files.keepAside(id)
            case .inline, nil: break
            }
        }.assumeIsolated().whenComplete { [weak self] result in
            guard let self else { return }
            switch result {
            case .success:
                contents.files += 1
                contents.octets += head.size
            case .failure(let error):
                log.error("damaged content cannot be kept aside", metadata: ["queue_id": "\(id)", "error": "\(error)"])
            }
        }
    }
}
