import Foundation
import Glibc
import Testing

@testable import TrustedFiles

/// What root reads for a daemon, and what another account can make of the way to it.
@Suite("Secrets are read by descriptor, and never from where another account leads root")
struct TrustedFileTests {
    private let folder: String
    private static let other: UInt32 = 65534
    private static let daemon: UInt32 = 60_001

    init() throws {
        var template = Array("/tmp/postern-secret-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TrustedFileError.system(action: "make", path: "/tmp", errorNumber: errno) }
        folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    private func remove() {
        // try?: what is left in the folder of temporary files harms nobody.
        try? FileManager.default.removeItem(atPath: folder)
    }

    @discardableResult
    private func file(_ name: String, _ text: String = "secret\n", mode: mode_t = 0o600, owner: UInt32 = 0) throws -> String {
        let path = "\(folder)/\(name)"
        try AtomicFile.write(Array(text.utf8), to: path, mode: mode, owner: FileOwner(user: owner, group: owner))
        return path
    }

    private func makeFolder(_ name: String, mode: mode_t = 0o755, owner: UInt32 = 0) throws {
        _ = try TrustedFolder.make("\(folder)/\(name)", mode: mode, modeAbove: 0o755, owner: FileOwner(user: owner, group: owner))
    }

    private func error(_ path: String, limit: Int = 100) -> TrustedFileError? {
        do throws(TrustedFileError) {
            _ = try TrustedFile.read(path, limit: limit)
            return nil
        } catch { return error }
    }

    @Test("a regular file is read whole with its mode; nothing else is opened, and no more than the limit is read")
    func regular() throws {
        defer { remove() }
        let path = try file("key", mode: 0o640)
        let read = try TrustedFile.read(path, limit: 7)
        #expect(read.octets == Array("secret\n".utf8) && read.mode == 0o640)
        #expect(TrustedFile.signature(of: path) == read.signature && TrustedFile.mode(of: path) == 0o640)
        #expect(error(path, limit: 6) == .tooLarge(path: path, limit: 6))
        #expect(mkfifo("\(folder)/fifo", 0o600) == 0)
        #expect(error("\(folder)/fifo") == .notARegularFile(path: "\(folder)/fifo"))
        #expect(error(folder)?.errorNumber == EISDIR)
        #expect(error("/dev/zero") == .notARegularFile(path: "/dev/zero"))
        #expect(error("/dev/null") == .notARegularFile(path: "/dev/null"))
        // An empty list, where the caller says that it may be one.
        #expect(try TrustedFile.read("/dev/null", limit: 1, orNull: true).octets.isEmpty)
        #expect(throws: TrustedFileError.notARegularFile(path: "/dev/zero")) { try TrustedFile.read("/dev/zero", limit: 1, orNull: true) }
        #expect(error("\(folder)/none")?.errorNumber == ENOENT && TrustedFile.signature(of: "\(folder)/none") == nil)
        #expect(error("\(path)/below")?.errorNumber != nil || error("\(path)/below") == .notAFolder(path: path))
        #expect(TrustedFile.objection(toReading: path) == nil && TrustedFile.objection(toReading: "\(folder)/fifo") != nil)
        try AtomicFile.write(Array("other".utf8), to: path, mode: 0o600)
        #expect(TrustedFile.signature(of: path) != read.signature)
    }

    @Test("links that root alone has made are followed, as those of certbot are; a circle ends")
    func links() throws {
        defer { remove() }
        try makeFolder("archive")
        try makeFolder("live")
        try file("archive/key1")
        #expect(symlink("../archive/key1", "\(folder)/live/key") == 0)
        #expect(symlink("\(folder)/live", "\(folder)/current") == 0)
        #expect(try TrustedFile.read("\(folder)/current/key", limit: 100).octets == Array("secret\n".utf8))
        #expect(symlink("circle", "\(folder)/circle") == 0)
        #expect(error("\(folder)/circle")?.errorNumber == ELOOP)
    }

    @Test(
        "kind: root acts by a path that another account owns: its links, on the way or at the end, lead root nowhere",
        .enabled(if: geteuid() == 0))
    func theirLinks() throws {
        defer { remove() }
        try file("shadow")
        try makeFolder("theirs", owner: Self.daemon)
        for (name, target) in [("key", "\(folder)/shadow"), ("relative", "../shadow"), ("way", folder)] {
            #expect(symlink(target, "\(folder)/theirs/\(name)") == 0)
            #expect(fchownat(AT_FDCWD, "\(folder)/theirs/\(name)", Self.daemon, Self.daemon, AT_SYMLINK_NOFOLLOW) == 0)
        }
        #expect(error("\(folder)/theirs/key") == .untrustedLink(path: "\(folder)/theirs/key"))
        #expect(error("\(folder)/theirs/relative") == .untrustedLink(path: "\(folder)/theirs/relative"))
        #expect(error("\(folder)/theirs/way/shadow") != nil)
        #expect(TrustedFile.signature(of: "\(folder)/theirs/key") == nil)
        // A link of root's in their folder may have been moved there by them.
        #expect(symlink("../shadow", "\(folder)/theirs/moved") == 0)
        #expect(error("\(folder)/theirs/moved") == .untrustedLink(path: "\(folder)/theirs/moved"))
    }

    @Test(
        "kind: root acts by a path that another account owns: a second name for a file of root's is not read", .enabled(if: geteuid() == 0))
    func theirNames() throws {
        defer { remove() }
        try file("shadow")
        try makeFolder("theirs", owner: Self.daemon)
        #expect(link("\(folder)/shadow", "\(folder)/theirs/key") == 0)
        #expect(error("\(folder)/theirs/key") == .severalNames(path: "\(folder)/theirs/key"))
        // In a folder of root's, a backup program may have made it.
        #expect(error("\(folder)/shadow") == nil)
        let own = try file("theirs/own", owner: Self.daemon)
        #expect(link(own, "\(folder)/theirs/again") == 0)
        #expect(error(own) == nil)
    }

    @Test(
        "kind: root reads what another account can change: the file and each folder are named, with who it is", .enabled(if: geteuid() == 0)
    )
    func exposures() throws {
        defer { remove() }
        func exposures(_ path: String, trusting: Set<UInt32> = []) throws -> [String] {
            try TrustedFile.read(path, limit: 100, trusting: trusting).exposures.map { "\($0.level) \($0.reason)" }
        }
        #expect(try exposures(file("good")) == [])
        #expect(try exposures(file("daemons", owner: Self.daemon), trusting: [Self.daemon]) == [])
        #expect(try exposures(file("theirs", owner: Self.other), trusting: [Self.daemon]) == ["0 owner(\(Self.other))"])
        #expect(try exposures(file("group", mode: 0o660)) == [])
        let grouped = try file("grouped", mode: 0o660)
        #expect(chown(grouped, 0, Self.other) == 0)
        #expect(try exposures(grouped) == ["0 group(\(Self.other))"])
        #expect(try exposures(file("open", mode: 0o606)) == ["0 everybody"])
        try makeFolder("above/below", owner: Self.other)
        #expect(try exposures(file("above/below/key")) == ["1 owner(\(Self.other))"])
        try makeFolder("wide/below")
        try TrustedFolder.open("\(folder)/wide").setMode(0o777)
        #expect(try exposures(file("wide/below/key")) == ["2 everybody"])
        // As in /tmp: others may put files there, and cannot replace this one.
        try TrustedFolder.open("\(folder)/wide").setMode(0o1777)
        #expect(try exposures("\(folder)/wide/below/key") == [])
    }
}
