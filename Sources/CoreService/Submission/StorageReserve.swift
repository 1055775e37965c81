import DurableStorage
import NIOCore

/// Keeps some of the disk free for what ends work: recording that a message was delivered needs room, too, and a queue that has filled
/// its disk to the last block could deliver for ever and never say so.
///
/// The log counts as well: a checkpoint copies it into the database, which may grow by as much, and without that the log cannot begin anew.
///
/// Confined to the core's event loop. The file system is asked once a second at most; in between what was accepted is subtracted.
final class StorageReserve {
    /// At most this much is kept free, in octets, and at most a twentieth of the file system.
    private static let most: UInt64 = 64 << 20
    private static let shareOfDisk: UInt64 = 20
    private static let interval = TimeAmount.seconds(1)

    private let path: String
    private let logPath: String
    private let fileSystem: any FileSystem
    private let makeRoom: () -> Void
    private var room: Int64 = 0
    private var askedAt: NIODeadline?

    /// - Parameters:
    ///   - path: a folder on the file system that fills.
    ///   - logPath: of the queue's write-ahead log.
    ///   - makeRoom: has the log copied and cut, as it is what is held without need; the next look, a second later, sees it.
    init(path: String, logPath: String, fileSystem: any FileSystem, makeRoom: @escaping () -> Void) {
        (self.path, self.logPath, self.fileSystem, self.makeRoom) = (path, logPath, fileSystem, makeRoom)
    }

    /// Whether a message of so many octets may still come in. Where the file system does not tell, it may: the write tells then.
    func hasRoom(for octets: Int, now: NIODeadline) -> Bool {
        if askedAt.map({ $0 + Self.interval <= now }) ?? true {
            guard let space = try? FreeSpace(at: path) else { return true }  // Said above.
            let reserve = min(Self.most, space.total / Self.shareOfDisk)
            let log = (try? fileSystem.status(of: logPath))?.size ?? 0  // None yet.
            room = Int64(clamping: space.available) - Int64(clamping: reserve) - Int64(clamping: log)
            askedAt = now
            if Int64(octets) > room, log > 0 { makeRoom() }
        }
        return Int64(octets) <= room
    }

    /// So much was accepted since: it is written into the log, in whole pages and with those of the indices, and then into the database.
    func take(_ octets: Int) { room -= Self.writtenPerOctet * Int64(octets + Self.pages) }

    private static let writtenPerOctet: Int64 = 4
    private static let pages = 16 * 1024
}
