import DurableStorage
import Foundation
import MailVocabulary
import Testing

@testable import Directory

@Suite("What can be read of a damaged directory")
struct DirectoryRecoveryTests {
    private static func fill(_ test: TestDirectory) throws {
        for number in 0..<200 { try test.directory.addUser(address("user\(number)")) }
        for number in 0..<100 { try test.directory.addAlias(address("alias\(number)"), to: [address("user\(number)")]) }
        try test.directory.addGroup(address("all"))
        try test.directory.addMembers((0..<200).map { address("user\($0)") }, to: address("all"))
        let connection = try SQLiteConnection(path: test.path, mode: .readWrite)
        // A connection that has read nothing yet does not know of the log.
        #expect(try connection.integer("SELECT count(*) FROM entries") == 301)
        try connection.checkpoint(.truncate)
    }

    private func recover(_ test: TestDirectory) throws -> (report: DirectoryRecovery.Report, directory: Directory) {
        let path = test.path + ".new"
        defer { for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) } }
        defer { for suffix in ["", "-wal", "-shm"] { unlink(test.path + ".scratch" + suffix) } }
        let report = try DirectoryRecovery.run(
            test.path, into: path, scratchPath: test.path + ".scratch", fileSystem: POSIXFileSystem())
        let directory = try Directory(path: path, domains: TestDirectory.domains, settings: TestDirectory.settings)
        #expect(try SQLiteConnection(path: path, mode: .readWrite).integrityProblems().isEmpty)
        return (report, directory)
    }

    private func destroy(_ path: String, from place: Int, count: Int, seed: UInt64) throws {
        var state = seed
        let octets = (0..<count).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seek(toOffset: UInt64(place))
        try handle.write(contentsOf: Data(octets))
        try handle.close()
    }

    @Test("all of a sound one is saved, and its secret stays")
    func sound() throws {
        let test = try TestDirectory()
        try Self.fill(test)
        let secret = test.directory.decoySecret
        let (report, directory) = try recover(test)
        #expect(report.entries == SalvageCount(saved: 301) && report.targets == SalvageCount(saved: 300))
        #expect(directory.decoySecret == secret)
        #expect(try directory.expand(address("all"))?.mailboxes.count == 200)
    }

    @Test("one page of entries costs those on it; who is left is found, with aliases and groups", arguments: 1...6)
    func entryPage(seed: Int) throws {
        let test = try TestDirectory()
        try Self.fill(test)
        let octets = try POSIXFileSystem().open(test.path).readAll()
        // The row's page: the key, and the address right behind it. An alias stands in no other table.
        let wanted = Array("alias\(seed * 15)@a.example".utf8)
        let row = wanted + wanted
        let place = try #require(octets.indices.first { octets[$0] == row[0] && octets[$0...].starts(with: row) })
        try destroy(test.path, from: place / 4096 * 4096, count: 4096, seed: UInt64(seed))
        let (report, directory) = try recover(test)
        #expect((1...90).contains(report.entries.lost), "\(report)")
        #expect(report.entries.saved + report.entries.lost == 301)
        #expect(try directory.resolve(recipient: address("alias\(seed * 15)")) == nil)
        #expect(try directory.userCount() > 100)
        #expect(report.targets.saved + report.targets.lost == 300)
    }

    @Test("the first page is replaced by that of a new database: everything else is saved")
    func firstPage() throws {
        let test = try TestDirectory()
        try Self.fill(test)
        try destroy(test.path, from: 0, count: 4096, seed: 9)
        let (report, directory) = try recover(test)
        #expect(report.isFirstPageReplaced && report.entries == SalvageCount(saved: 301))
        #expect(try directory.expand(address("all"))?.mailboxes.count == 200)
    }
}
