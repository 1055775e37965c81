import Glibc
import ServiceRuntime
import Synchronization
import TopologyFile

/// The configuration that the daemons of `postern up` run with, for those that are started again.
///
/// The core says which revision it has accepted; the text is read here, from the file, and counts if it is of that revision. So no daemon's
/// account chooses what a daemon that is still root is started with.
final class AcceptedConfiguration: Sendable {
    private let file: String
    private let text: Mutex<[UInt8]>

    /// - Parameters:
    ///   - file: the configuration file.
    ///   - text: what it said when the daemons were started first.
    init(file: String, text: [UInt8]) {
        self.file = file
        self.text = Mutex(text)
    }

    /// The core runs with another revision: its text is kept, where the file still has it.
    func accepted(revision: String) {
        guard text.withLock({ TopologyFile.revision(of: $0) }) != revision else { return }
        // A file that has changed again meanwhile is of no use. A daemon that starts with the older text asks the core for the newer one.
        guard case .success(let read) = TopologyFile.text(path: file), TopologyFile.revision(of: read) == revision else { return }
        text.withLock { $0 = read }
    }

    /// A descriptor to hand down, closed at exec; -1 where there is none: the daemon reads the file.
    func descriptor() -> Int32 { HandedConfiguration.file(of: text.withLock { $0 }) ?? -1 }
}
