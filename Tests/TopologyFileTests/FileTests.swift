import Foundation
import Testing
import Topology

@testable import TopologyFile

@Suite("The file and the files it names")
struct FileTests {
    @Test("a file that is missing, a folder, a pipe, or too long is refused with one line")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        #expect(
            TopologyFile.load(path: folder.path + "/none.yaml").findings.map(\.description) == [
                "\(folder.path)/none.yaml: error: the file cannot be read: no such file"
            ])
        #expect(TopologyFile.load(path: folder.path).findings.map(\.message) == ["this is a directory, not a file"])
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(TopologyFile.load(path: pipe).findings.map(\.message) == ["this is not a regular file"])
        let long = try folder.write(String(repeating: "#", count: TopologyFile.maximumBytes) + "\n", to: "long.yaml")
        #expect(TopologyFile.load(path: long).findings.map(\.message) == ["the file is longer than 1048576 octets"])
    }

    @Test("paths are relative to the folder of the file")
    func relativePaths() throws {
        let folder = try TemporaryFolder()
        let text = Fixture.base + "state_directory: ../lib\nruntime_directory: ./run/\nlogs: { protocol: { directory: log } }\n"
        let topology = try #require(TopologyFile.load(path: try folder.write(text, to: "postern.yaml")).topology)
        #expect(topology.stateDirectory == FilePath.absolute("../lib", in: folder.path))
        #expect(topology.runtimeDirectory == FilePath.absolute("run", in: folder.path))
        #expect(topology.logs.protocolLog?.directory == FilePath.absolute("log", in: folder.path))
        #expect(topology.connectors[0].deliver == .maildir(pathTemplate: FilePath.absolute("mail/{domain}/{user}", in: folder.path)))
        #expect(topology.source == folder.path + "/postern.yaml")
    }

    @Test(
        "an absolute path has no dots and doubled slashes",
        arguments: [("a", "/f/a"), ("./a//b/", "/f/a/b"), ("../a", "/a"), ("../../a", "/a"), ("/x/../y", "/y"), ("/", "/"), (".", "/f")])
    func absolute(path: String, expected: String) { #expect(FilePath.absolute(path, in: "/f") == expected) }

    @Test("each role needs only its own files")
    func filesOfRoles() throws {
        let topology = try #require(Fixture.load(Self.everything).topology)
        let needed: [Role: [String]] = [
            .core: [], .mailbox: [],
            .edge: ["certificates.front.certificate", "certificates.front.key", "resolver.dnssec.trust_anchor", "resolver.hosts_file"],
            .submission: [
                "certificates.users.certificate", "certificates.users.key", "resolver.dnssec.trust_anchor", "resolver.hosts_file",
            ],
            .auth: ["identity.recoverable_secrets.key", "virtual_servers.clients.authentication.integrated.keytab"],
            .delivery: ["connectors.general.authentication.password_file", "resolver.dnssec.trust_anchor", "resolver.hosts_file"],
        ]
        for role in Role.allCases {
            #expect(topology.files(of: role).map { $0.keys.joined(separator: ".") }.sorted() == needed[role], "\(role)")
        }
    }

    @Test("a role says which of its files it cannot read, but not of features that do not act yet")
    func unreadableFiles() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.everything, to: "postern.yaml")
        #expect(TopologyFile.load(path: path).topology != nil)
        let needed: [Role: [String]] = [
            .edge: ["certificates.front.certificate", "certificates.front.key", "resolver.hosts_file"],
            .submission: ["certificates.users.certificate", "certificates.users.key", "resolver.hosts_file"],
            .auth: ["identity.recoverable_secrets.key", "virtual_servers.clients.authentication.integrated.keytab"],
            .delivery: ["connectors.general.authentication.password_file", "resolver.hosts_file"],
        ]
        for role in Role.allCases {
            let errors = TopologyFile.load(path: path, files: .of(role)).findings.filter { $0.severity == .error }
            #expect(errors.map(\.path).sorted() == needed[role] ?? [], "\(role)")
            #expect(errors.allSatisfy { $0.message.hasSuffix("no such file") && $0.location.line > 0 })
        }
        try Self.writeFiles(to: folder)
        let password = try folder.write("secret", to: "password")
        chmod(password, 0o640)
        for role in Role.allCases { #expect(TopologyFile.load(path: path, files: .of(role)).topology != nil, "\(role)") }
        chmod(password, 0o644)
        for files in [FilesToCheck.of(.delivery), .ofAll(reader: nil)] {
            let errors = TopologyFile.load(path: path, files: files).findings.filter { $0.severity == .error }
            #expect(errors.map(\.path) == ["connectors.general.authentication.password_file"])
            #expect(errors.first?.message.hasSuffix("everybody on this machine can read the password") == true)
        }
    }

    @Test("whoever checks for all daemons hears what keeps any of them from starting, and takes a closed file for another's")
    func filesOfAll() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.everything, to: "postern.yaml")
        let hosts = "\(folder.path)/hosts"
        func check(_ files: FilesToCheck) -> [String] {
            TopologyFile.load(path: path, files: files).findings.filter { $0.severity != .notice && $0.path == "resolver.hosts_file" }
                .map { "\($0.severity): \($0.message)" }
        }
        #expect(
            check(.ofAll(reader: .core)) == [
                "error: postern-delivery cannot read \(hosts): no such file", "error: postern-edge cannot read \(hosts): no such file",
                "error: postern-submission cannot read \(hosts): no such file",
            ])
        try FileManager.default.createDirectory(atPath: hosts, withIntermediateDirectories: false)
        #expect(
            check(.ofAll(reader: nil)) == [
                "error: postern-delivery cannot read \(hosts): it is a directory",
                "error: postern-edge cannot read \(hosts): it is a directory",
                "error: postern-submission cannot read \(hosts): it is a directory",
            ])
        try FileManager.default.removeItem(atPath: hosts)
        try Self.writeFiles(to: folder)
        #expect(chmod(try folder.write("secret", to: "password"), 0o640) == 0)
        #expect(check(.ofAll(reader: nil)) == [])
        // Nothing is closed to root.
        guard geteuid() != 0 else { return }
        #expect(chmod(hosts, 0) == 0)
        func forAnother(_ daemon: String) -> String {
            "warning: \(hosts): permission denied for this account; \(daemon) must be able to read it"
        }
        #expect(
            check(.ofAll(reader: nil)) == [
                forAnother("postern-delivery"), forAnother("postern-edge"), forAnother("postern-submission"),
            ])
        // Where there are errors, they alone are told.
        #expect(check(.ofAll(reader: .edge)) == ["error: postern-edge cannot read \(hosts): permission denied"])
    }

    @Test("where a running system is to be found is told of a file that is wrong otherwise")
    func runtimeDirectory() throws {
        let folder = try TemporaryFolder()
        func directory(_ text: String) throws -> String? {
            TopologyFile.whereabouts(path: try folder.write(text, to: "postern.yaml"))?.runtimeDirectory
        }
        #expect(try directory("version: 7\nconnectors: []\nruntime_directory: run\n") == FilePath.absolute("run", in: folder.path))
        #expect(try directory("version: 7\n") == "/run/postern")
        #expect(try directory("runtime_directory: [a]\n") == nil)
        #expect(try directory("[a\n") == nil)
        let text = "version: 7\nstate_directory: mail\nrun_as: { core: postern-core, edge: 7 }\n"
        let found = try #require(TopologyFile.whereabouts(path: try folder.write(text, to: "postern.yaml")))
        #expect(found.stateDirectory == FilePath.absolute("mail", in: folder.path) && found.coreAccount == "postern-core")
        #expect(TopologyFile.whereabouts(path: folder.path + "/none") == nil)
    }

    @Test(
        "the revision is a hash of the bytes, FNV-1a of 64 bits",
        arguments: [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")])
    func revision(text: String, expected: String) { #expect(Revision.of(text.utf8) == expected) }

    /// All files that `everything` names and that a feature needs which acts.
    private static func writeFiles(to folder: borrowing TemporaryFolder) throws {
        for name in ["hosts", "front.pem", "front.key", "users.pem", "users.key", "secrets.key", "krb5.keytab"] {
            _ = try folder.write("", to: name)
        }
    }

    private static let everything = """
        version: 1
        hostname: mail.example.org
        default_domain: example.org
        certificates:
          front: { certificate: front.pem, key: front.key }
          users: { certificate: users.pem, key: users.key }
        resolver: { hosts_file: hosts, dnssec: { trust_anchor: root.key } }
        identity: { recoverable_secrets: { key: secrets.key } }
        virtual_servers:
          internet: { role: edge, listen: ["0.0.0.0:25"], tls: { certificate: front } }
          clients:
            role: submission
            listen: ["0.0.0.0:587"]
            tls: { mode: required, certificate: users }
            authentication: { integrated: { keytab: krb5.keytab } }
        connectors:
          general:
            address_spaces: [{ domain: "*" }]
            deliver: { smart_hosts: [relay.example] }
            authentication: { user: us, password_file: password }

        """
}
