import DurableStorage
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("POSIXFileSystem")
struct POSIXFileSystemTests {
    let folder = FilesTestFolder()
    let files = POSIXFileSystem()

    @Test("what is written to a new file is read back, from any position, and the size is right")
    func writeAndRead() throws {
        let path = folder.path + "/a"
        let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let file = try files.create(path)
        try file.write(content)
        try file.write([UInt8]())
        try file.write([1, 2, 3])
        try file.sync()
        #expect(try file.readAll() == content + [1, 2, 3])
        try file.close()
        let again = try files.open(path)
        #expect(try again.size() == 100_003)
        #expect(try again.readAll(limit: 10) == Array(content.prefix(10)))
        var tail = [UInt8](repeating: 0, count: 8)
        let count = try tail.withUnsafeMutableBytes { try again.read(into: $0, at: 100_000) }
        #expect(count == 3 && tail.prefix(3) == [1, 2, 3])
    }

    @Test("a file is created for its owner only, and never over another or through a symbolic link")
    func exclusive() throws {
        let path = folder.path + "/a"
        try files.create(path).close()
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600)
        #expect(throws: FileError(operation: .create, path: path, errorNumber: EEXIST)) { try files.create(path) }
        let dangling = folder.path + "/link"
        symlink(folder.path + "/elsewhere", dangling)
        #expect(throws: FileError(operation: .create, path: dangling, errorNumber: EEXIST)) { try files.create(dangling) }
    }

    @Test("rename replaces a file that has the name, link refuses to")
    func renameAndLink() throws {
        let (a, b) = (folder.path + "/a", folder.path + "/b")
        for path in [a, b] {
            let file = try files.create(path)
            try file.write(Array(path.utf8))
            try file.close()
        }
        #expect(throws: FileError(operation: .link, path: b, errorNumber: EEXIST)) { try files.link(a, to: b) }
        #expect(try files.list(folder.path).sorted() == ["a", "b"])
        try files.rename(a, to: b)
        #expect(try files.open(b).readAll() == Array(a.utf8))
        #expect(try files.list(folder.path).sorted() == ["b"])
    }

    @Test("link gives a second name, remove takes one, and status says what is there")
    func linkRemoveStatus() throws {
        let (a, b) = (folder.path + "/a", folder.path + "/b")
        let file = try files.create(a)
        try file.write([1, 2])
        try file.close()
        try files.link(a, to: b)
        try files.unlink(a)
        #expect(try files.status(of: a) == nil)
        #expect(try files.status(of: a + "/below") == nil)
        let status = try #require(try files.status(of: b))
        #expect(status.size == 2 && !status.isDirectory)
        #expect(try files.status(of: folder.path)?.isDirectory == true)
    }

    @Test("missing folders are made one by one, a file in the way is an error")
    func directories() throws {
        let deep = folder.path + "/x/y/z"
        try files.makeDirectories(deep)
        try files.makeDirectories(deep)
        try files.makeDirectories(deep + "/w/")
        #expect(try files.list(deep).sorted() == ["w"])
        try files.create(folder.path + "/file").close()
        #expect(throws: FileError(operation: .makeDirectory, path: folder.path + "/file", errorNumber: EEXIST)) {
            try files.makeDirectories(folder.path + "/file/a")
        }
        #expect(throws: FileError(operation: .makeDirectory, path: folder.path + "/file", errorNumber: EEXIST)) {
            try files.makeDirectories(folder.path + "/file")
        }
    }

    @Test("going through a folder stops when told to")
    func visiting() throws {
        for name in ["a", "b", "c"] { try files.create(folder.path + "/" + name).close() }
        var seen = 0
        try files.forEachName(in: folder.path) { _ in
            seen += 1
            return seen < 2
        }
        #expect(seen == 2)
        #expect(throws: FileError(operation: .list, path: folder.path + "/none", errorNumber: ENOENT)) {
            try files.list(folder.path + "/none")
        }
    }

    @Test("a file is closed once; afterwards every call says so, and its number belongs to someone else")
    func closedOnce() throws {
        let path = folder.path + "/a"
        let file = try files.create(path)
        try file.close()
        let other = try files.create(folder.path + "/b")
        try file.close()
        #expect(throws: FileError(operation: .write, path: path, errorNumber: EBADF)) { try file.write([1]) }
        #expect(throws: FileError(operation: .sync, path: path, errorNumber: EBADF)) { try file.sync() }
        #expect(throws: FileError(operation: .status, path: path, errorNumber: EBADF)) { try file.size() }
        try other.write([1])
        #expect(try other.size() == 1)
    }

    @Test("a full disk is told apart from other errors, and the description names path, step and reason")
    func fullDisk() throws {
        let error = FileError(operation: .write, path: "/var/mail/x", errorNumber: ENOSPC)
        #expect(error.isNoSpace && !error.isMissing)
        #expect(FileError(operation: .write, path: "", errorNumber: EDQUOT).isNoSpace)
        #expect(!FileError(operation: .write, path: "", errorNumber: EIO).isNoSpace)
        #expect(error.description == "write /var/mail/x: No space left on device")
    }

    @Test(
        "parent and name of a path",
        arguments: [
            ("/a/b", "/a", "b"), ("/a/b/", "/a", "b"), ("/a", "/", "a"), ("/", "/", "/"), ("b", ".", "b"), ("a//b", "a", "b"),
            ("a/b", "a", "b"),
        ])
    func paths(path: String, parent: String, name: String) {
        #expect(FilePath.parent(of: path) == parent)
        #expect(FilePath.name(of: path) == name)
    }
}
