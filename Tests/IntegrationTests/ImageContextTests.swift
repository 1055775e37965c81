import Foundation
import Testing

/// `containers/Containerfile` compiles in a copy of the clone that `.dockerignore` lets through.
@Suite("What an image is made from")
struct ImageContextTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("the context has all that `make build` and containers/collect begin with")
    func context() async throws {
        let folder = try TemporaryFolder()
        let ignored = try String(contentsOf: Self.repository.appendingPathComponent(".dockerignore"), encoding: .utf8)
        let entries = ignored.split(separator: "\n").filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }
        for entry in entries where entry != ".build-image" {
            try FileManager.default.createSymbolicLink(
                at: folder.file(entry), withDestinationURL: Self.repository.appendingPathComponent(entry))
        }
        let planned = try await Program.run("make", ["-C", folder.path, "--dry-run", "build"])
        #expect(planned.status == 0, "\(planned.errors)")
        for line in planned.text.split(separator: "\n") {
            guard let program = line.split(separator: " ").first, program.hasPrefix("scripts/") else { continue }
            #expect(FileManager.default.isExecutableFile(atPath: folder.file(String(program)).path), "\(line)")
        }
        #expect(planned.text.contains("scripts/swiftpm build --configuration release"))
        #expect(FileManager.default.isExecutableFile(atPath: folder.file("containers/collect").path))
        // Every target has its folder.
        let targets = try String(contentsOf: folder.file("Package.swift"), encoding: .utf8).matches(
            of: /\.(target|executableTarget|systemLibrary)\(\s*name: "([A-Za-z-]+)"/)
        #expect(targets.count > 40)
        for target in targets {
            #expect(FileManager.default.fileExists(atPath: folder.file("Sources/\(target.2)").path), "\(target.2)")
        }
    }
}
