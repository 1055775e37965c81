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

    @Test("each role needs only its own files, and says which of them it cannot read")
    func filesOfRoles() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.everything, to: "postern.yaml")
        let needed: [Role: [String]] = [
            .core: [], .mailbox: [],
            .edge: ["certificates.front.certificate", "certificates.front.key", "resolver.dnssec.trust_anchor", "resolver.hosts_file"],
            .submission: [
                "certificates.users.certificate", "certificates.users.key", "resolver.dnssec.trust_anchor", "resolver.hosts_file",
            ],
            .auth: ["identity.recoverable_secrets.key", "virtual_servers.clients.authentication.integrated.keytab"],
            .delivery: ["connectors.general.authentication.password_file", "resolver.dnssec.trust_anchor", "resolver.hosts_file"],
        ]
        #expect(TopologyFile.load(path: path).topology != nil)
        for role in Role.allCases {
            let errors = TopologyFile.load(path: path, readerRole: role).findings.filter { $0.severity == .error }
            #expect(errors.map(\.path).sorted() == needed[role], "\(role)")
            #expect(errors.allSatisfy { $0.message.hasSuffix("no such file") && $0.location.line > 0 })
        }
        for name in ["front.pem", "front.key", "users.pem", "users.key", "root.key", "hosts", "secrets.key", "krb5.keytab", "password"] {
            _ = try folder.write("", to: name)
        }
        for role in Role.allCases { #expect(TopologyFile.load(path: path, readerRole: role).topology != nil, "\(role)") }
    }

    @Test("an LMTP server by name makes the mailbox role need the hosts file")
    func namesOfMailboxes() {
        let text =
            Fixture.base.replacing("maildir: \"mail/{domain}/{user}\"", with: "lmtp: store.example:24")
            + "resolver: { hosts_file: /none/hosts }\n"
        #expect(Fixture.load(text, readerRole: .mailbox).findings.map(\.path) == ["resolver.hosts_file"])
        #expect(Fixture.load(text, readerRole: .core).topology != nil)
    }

    @Test(
        "the revision is a hash of the bytes, FNV-1a of 64 bits",
        arguments: [("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8")])
    func revision(text: String, expected: String) { #expect(Revision.of(text.utf8) == expected) }

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
