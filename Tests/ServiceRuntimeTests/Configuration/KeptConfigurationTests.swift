import Foundation
import Testing

@testable import ServiceRuntime

@Suite("The configuration that a core leaves behind")
struct KeptConfigurationTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "postern-kept-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private var kept: KeptConfiguration { KeptConfiguration(of: "/etc/postern/postern.yaml", in: folder) }

    @Test("a core that ended without a word is gone on from once: one that dies again before it was ready finds none")
    func once() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try kept.keep("version: 1\n")
        try kept.keep("version: 1\nhostname: mx.postern.test\n")
        #expect(kept.take() == Array("version: 1\nhostname: mx.postern.test\n".utf8))
        #expect(kept.take() == nil)
    }

    @Test("an orderly end leaves nothing")
    func forgotten() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try kept.keep("version: 1\n")
        kept.forget()
        #expect(kept.take() == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test("of another file, of another boot, or cut off it does not count, and is removed")
    func void() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try KeptConfiguration(of: "/etc/postern/other.yaml", in: folder).keep("version: 1\n")
        #expect(kept.take() == nil)

        try kept.keep("version: 1\n")
        let whole = try String(contentsOfFile: kept.path, encoding: .utf8)
        var lines = whole.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines[1] = String(lines[1].reversed())
        try lines.joined(separator: "\n").write(toFile: kept.path, atomically: true, encoding: .utf8)
        #expect(kept.take() == nil)

        try String(whole.prefix(20)).write(toFile: kept.path, atomically: true, encoding: .utf8)
        #expect(kept.take() == nil)
    }
}
