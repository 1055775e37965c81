import Foundation
import MailVocabulary
import Topology
import TopologyFile

@testable import Explanation

/// A school as its files say it: staff write to the Internet, students do not; a backup for the way out.
enum School {
    static let configuration = """
        version: 1
        hostname: mx.school.example
        default_domain: school.example
        state_directory: /tmp/state
        runtime_directory: /tmp/run
        domains: { school.example: authoritative }
        virtual_servers:
          internet: { role: edge, listen: ["127.0.0.1:25"] }
          clients:
            role: submission
            listen: ["127.0.0.1:587"]
            authentication: { basic: { mechanisms: [PLAIN], require_tls: false } }
            relay: { accounts: { grant: ["group:staff"] } }
        connectors:
          mailboxes:
            address_spaces: [{ domain: school.example }]
            deliver: { maildir: "/tmp/mail/{domain}/{user}" }
          general:
            address_spaces: [{ domain: "*" }]
            deliver: dns
            content: { maximum_size: 1MiB }
          backup:
            address_spaces: [{ domain: "*", cost: 20 }]
            deliver: { smart_hosts: [smart.isp.example] }
            schedule: { at: ["Mon..Fri 07:00-19:00"] }
        """

    static let directory = """
        users: [anna, sam@school.example, head]
        aliases: { office: [front], front: [anna] }
        groups: { staff: [anna, "group:leaders"], leaders: [head], all: ["group:staff", sam] }
        """

    static let topology: Topology = {
        let loaded = TopologyFile.parse(Array(configuration.utf8), path: "postern.yaml")
        guard let topology = loaded.topology else { preconditionFailure("\(loaded.findings)") }
        return topology
    }()

    /// A file of the test's own, gone with `body`.
    static func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let path = "\(NSTemporaryDirectory())/postern-explanation-\(UUID().uuidString).yaml"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        return try body(path)
    }

    static func document(_ text: String = directory) throws -> DirectoryDocument {
        try withFile(text) { try CompanionFile.directory(path: $0, defaultDomain: topology.defaultDomain) }
    }

    /// On a Tuesday at noon, UTC.
    static func explainer(_ topology: Topology = topology) throws -> Explainer {
        Explainer(
            topology: topology, directory: try MemoryDirectory.make(try document(), topology: topology),
            now: Timestamp(seconds: 1_795_521_600), utcOffset: 0)
    }

    static func facts(_ line: String) throws -> WrittenEnvelope {
        try CompanionFile.facts(line: line, file: "facts", number: 7, defaultDomain: topology.defaultDomain)
    }
}
