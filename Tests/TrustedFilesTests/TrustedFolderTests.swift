import Foundation
import Glibc
import Testing

@testable import TrustedFiles

/// A folder of a test's own, removed at its end.
private final class Scratch {
    let path: String

    init() throws {
        var template = Array("/tmp/postern-trusted-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TrustedFileError.system(action: "make", path: "/tmp", errorNumber: errno) }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    // What is left in the folder of temporary files harms nobody.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func status(_ name: String) -> stat? {
        var status = stat()
        return lstat("\(path)/\(name)", &status) == 0 ? status : nil
    }

    func text(_ name: String) -> String? {
        guard let file = fopen("\(path)/\(name)", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        return fgets(&line, 256, file).map { String(cString: $0) }
    }
}

private let nobody: UInt32 = 65534

@Suite("Root acts by descriptor, never by a path that another account can change")
struct TrustedFolderTests {
    @Test("folders are made with exactly the mode that was asked for, those above as well, whatever the umask")
    func make() throws {
        let scratch = try Scratch()
        let mask = umask(0o077)
        defer { umask(mask) }
        _ = try TrustedFolder.make("\(scratch.path)/a/b/c", mode: 0o750, modeAbove: 0o755)
        #expect(scratch.status("a")?.st_mode == S_IFDIR | 0o755 && scratch.status("a/b/c")?.st_mode == S_IFDIR | 0o750)
        // One that is there stays as it is.
        _ = try TrustedFolder.make("\(scratch.path)/a", mode: 0o700, modeAbove: 0o700)
        #expect(scratch.status("a")?.st_mode == S_IFDIR | 0o755)
    }

    @Test("a folder is held by one at a time, and removing what lies in it does not let a second one in")
    func lock() throws {
        let scratch = try Scratch()
        let first = try TrustedFolder.open(scratch.path)
        let second = try TrustedFolder.open(scratch.path)
        #expect(try first.lock())
        #expect(try !second.lock())
    }

    @Test("kind: root follows no symbolic link that a less trusted account has made", .enabled(if: geteuid() == 0))
    func links() throws {
        let scratch = try Scratch()
        _ = try TrustedFolder.make("\(scratch.path)/target", mode: 0o755, modeAbove: 0o755)
        let theirs = try TrustedFolder.make(
            "\(scratch.path)/theirs", mode: 0o755, modeAbove: 0o755, owner: FileOwner(user: nobody, group: nobody))
        _ = theirs
        #expect(symlink("\(scratch.path)/target", "\(scratch.path)/theirs/link") == 0)
        #expect(lchownForTest("\(scratch.path)/theirs/link", nobody))
        #expect(throws: TrustedFileError.untrustedLink(path: "\(scratch.path)/theirs/link")) {
            try TrustedFolder.open("\(scratch.path)/theirs/link")
        }
        #expect(throws: TrustedFileError.untrustedLink(path: "\(scratch.path)/theirs/link/state")) {
            try TrustedFolder.make(
                "\(scratch.path)/theirs/link/state", mode: 0o700, modeAbove: 0o755, owner: FileOwner(user: nobody, group: nil))
        }
        #expect(scratch.status("target/state") == nil)
        // Root's own link, in a folder that is root's alone, is the administrator's.
        #expect(symlink("target", "\(scratch.path)/link") == 0)
        #expect(try TrustedFolder.open("\(scratch.path)/link").path == "\(scratch.path)/link")
    }

    @Test("kind: root gives away only a folder that is root's, and only to whom it is meant for", .enabled(if: geteuid() == 0))
    func owner() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/state"
        _ = try TrustedFolder.make(path, mode: 0o700, modeAbove: 0o755, owner: FileOwner(user: nobody, group: nobody))
        #expect(scratch.status("state")?.st_uid == nobody && scratch.status("state")?.st_gid == nobody)
        // Again, as after each restart.
        _ = try TrustedFolder.make(path, mode: 0o700, modeAbove: 0o755, owner: FileOwner(user: nobody, group: nobody))
        #expect(throws: TrustedFileError.wrongOwner(path: path, owner: nobody, accepted: [0, 7])) {
            try TrustedFolder.make(path, mode: 0o700, modeAbove: 0o755, owner: FileOwner(user: 7, group: nil))
        }
    }

    @Test("kind: what stands in a socket's place is not given away", .enabled(if: geteuid() == 0))
    func sockets() throws {
        let scratch = try Scratch()
        let folder = try TrustedFolder.open(scratch.path)
        try AtomicFile.create(Array("secret".utf8), at: "\(scratch.path)/shadow", mode: 0o600)
        for (name, isLink) in [("link", true), ("file", false)] {
            if isLink {
                #expect(symlink("shadow", "\(scratch.path)/link") == 0)
            } else {
                try AtomicFile.create([], at: "\(scratch.path)/file", mode: 0o600)
            }
            #expect(throws: TrustedFileError.replaced(path: "\(scratch.path)/\(name)")) {
                try folder.giveSocket(name, to: FileOwner(user: nobody, group: nil), mode: 0o666)
            }
            try folder.removeSocket(name)
            #expect(scratch.status(name) != nil, "it is no socket and stays")
        }
        #expect(scratch.status("shadow")?.st_uid == 0 && scratch.status("shadow")?.st_mode == S_IFREG | 0o600)
    }

    @Test("a file is replaced as a whole, never through a symbolic link, and has its owner and mode before it has its name")
    func files() throws {
        let scratch = try Scratch()
        try AtomicFile.create(Array("old".utf8), at: "\(scratch.path)/target", mode: 0o644)
        #expect(symlink("target", "\(scratch.path)/link") == 0)
        try AtomicFile.write(Array("new".utf8), to: "\(scratch.path)/link", mode: 0o640)
        #expect(scratch.text("target") == "old" && scratch.text("link") == "new")
        #expect(scratch.status("link")?.st_mode == S_IFREG | 0o640)
        #expect(throws: TrustedFileError.alreadyExists(path: "\(scratch.path)/target")) {
            try AtomicFile.create([], at: "\(scratch.path)/target", mode: 0o600)
        }
        #expect(throws: TrustedFileError.system(action: "open", path: "\(scratch.path)/none", errorNumber: ENOENT)) {
            try AtomicFile.write([], to: "\(scratch.path)/none/x", mode: 0o600)
        }
        #expect(throws: TrustedFileError.notAFolder(path: "\(scratch.path)/target")) { try TrustedFolder.open("\(scratch.path)/target") }
    }

    private func lchownForTest(_ path: String, _ user: UInt32) -> Bool { fchownat(AT_FDCWD, path, user, user, AT_SYMLINK_NOFOLLOW) == 0 }
}
