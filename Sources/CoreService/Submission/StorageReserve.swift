import DurableStorage
import NIOCore

/// Keeps some of the disk free for what ends work: recording that a message was delivered needs room, too, and a queue that has filled
/// its disk to the last block could deliver for ever and never say so.
///
/// Confined to the core's event loop. The file system is asked once a second at most; in between what was accepted is subtracted.
final class StorageReserve {
    /// At most this much is kept free, in octets, and at most a twentieth of the file system.
    private static let most: UInt64 = 64 << 20
    private static let shareOfDisk: UInt64 = 20
    private static let interval = TimeAmount.seconds(1)

    private let path: String
    private var room: Int64 = 0
    private var askedAt: NIODeadline?

    init(path: String) { self.path = path }

    /// Whether a message of so many octets may still come in. Where the file system does not tell, it may: the write tells then.
    func hasRoom(for octets: Int, now: NIODeadline) -> Bool {
        if askedAt.map({ $0 + Self.interval <= now }) ?? true {
            guard let space = try? FreeSpace(at: path) else { return true }  // Said above.
            let reserve = min(Self.most, space.total / Self.shareOfDisk)
            room = Int64(clamping: space.available) - Int64(clamping: reserve)
            askedAt = now
        }
        return Int64(octets) <= room
    }

    /// So much was accepted since.
    func take(_ octets: Int) { room -= Int64(octets) }
}
