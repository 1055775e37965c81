import CLandlock
import Glibc
import Topology

/// The kernel's rules of files and of TCP ports for one process (landlock(7)).
enum Landlock {
    /// Rights of files by the version that brought them (linux/landlock.h). Without version 2 nobody could move a file between folders.
    private enum Right {
        static let execute: UInt64 = 1 << 0
        static let writeFile: UInt64 = 1 << 1
        static let readFile: UInt64 = 1 << 2
        static let readFolder: UInt64 = 1 << 3
        /// Making and removing of all kinds.
        static let upToVersion1: UInt64 = (1 << 13) - 1
        static let refer: UInt64 = 1 << 13
        static let truncate: UInt64 = 1 << 14
        static let ioctlDevice: UInt64 = 1 << 15
    }

    /// The version from which it is used.
    static let oldestVersion = 2

    /// The version of the kernel's; nil: it has none that can be used.
    static var version: Int? {
        let version = Int(clandlock_version())
        return version >= oldestVersion ? version : nil
    }

    /// Holds this thread, and what it executes, to the bounds, for good.
    ///
    /// - Throws: ``ConfinementError``
    static func apply(_ bounds: Bounds, version: Int) throws(ConfinementError) {
        var files = Right.upToVersion1 | Right.refer
        if version >= 3 { files |= Right.truncate }
        if version >= 5 { files |= Right.ioctlDevice }
        // Binding and connecting (version 4); abstract sockets and signals of others (version 6).
        let network: UInt64 = version >= 4 && !bounds.hasNetwork ? 0b11 : 0
        let scopes: UInt64 = version >= 6 ? 0b11 : 0
        let ruleset = clandlock_ruleset(files, network, scopes)
        guard ruleset >= 0 else { throw ConfinementError(call: "landlock_create_ruleset", errno: errno) }
        defer { close(ruleset) }

        let reading = Right.execute | Right.readFile | Right.readFolder
        for path in bounds.readable { try allow(reading, beneath: path, ruleset) }
        for path in bounds.writable { try allow(files & ~Right.execute & ~Right.ioctlDevice, beneath: path, ruleset) }
        try allow(Right.readFile | Right.writeFile, beneath: "/dev/null", ruleset)
        guard clandlock_restrict(ruleset) == 0 else { throw ConfinementError(call: "landlock_restrict_self", errno: errno) }
    }

    private static func allow(_ rights: UInt64, beneath path: String, _ ruleset: Int32) throws(ConfinementError) {
        guard clandlock_allow(ruleset, path, rights) != 0 else { return }
        // What is not there now cannot be allowed, and is not needed: a daemon that misses it says so.
        guard errno != ENOENT, errno != ENOTDIR else { return }
        throw ConfinementError(call: "landlock_add_rule \(path)", errno: errno)
    }
}

/// A bound that the kernel refused although it knows it.
public struct ConfinementError: Error, CustomStringConvertible {
    let call: String
    let errno: Int32

    public var description: String { "\(call): \(String(cString: strerror(errno)))" }
}
