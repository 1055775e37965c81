import Foundation
import Topology
import TopologyFile

/// Files beside the tests.
enum Fixture {
    static func path(_ name: String) -> String { folder + "/Fixtures/" + name }

    /// The root of the repository.
    static let repository = folder + "/../.."

    private static let folder = String(#filePath[..<(#filePath.lastIndex(of: "/") ?? #filePath.startIndex)])

    static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// The file names in a folder of fixtures, sorted.
    static func names(in folder: String) -> [String] {
        // A folder that is missing gives no cases; the tests count them.
        ((try? FileManager.default.contentsOfDirectory(atPath: path(folder))) ?? []).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    /// Loads a text as if it stood in `postern.yaml`.
    static func load(_ text: String, files: FilesToCheck = .none) -> LoadResult {
        TopologyFile.parse(Array(text.utf8), path: "postern.yaml", files: files)
    }

    /// A file without findings, to put more into.
    static let base = """
        version: 1
        hostname: mail.example.org
        default_domain: example.org
        domains: { example.org: authoritative }
        virtual_servers:
          internet:
            role: edge
            listen: ["0.0.0.0:25"]
        connectors:
          mailboxes:
            address_spaces: [{ domain: example.org }]
            deliver: { maildir: "mail/{domain}/{user}" }
          general:
            address_spaces: [{ domain: "*" }]
            deliver: dns
        postmaster: admin

        """
}

/// A folder that goes with the test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "postern-topology-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
        return "\(path)/\(name)"
    }

    // Nothing can be done about a folder that stays.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
