import ArgumentParser
import Glibc

/// A Unix group as `--group` names it.
enum UnixGroup {
    static func id(named name: String) throws -> UInt32 {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 64 * 1024)
        if getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil { return entry.gr_gid }
        throw ValidationError("--group: there is no group '\(name)' on this system")
    }
}
