import Glibc
import MailVocabulary
import Testing
import Topology
import TopologyFile

@testable import CommandLineTool

@Suite("Kind: check looks inside each file that the configuration names")
struct ConfiguredFilesTests {
    static let faulty: [(NeededFile.Content, String, String)] = [
        (.secretsKey, "hello\n", "is no key file of recoverable secrets; CRAM-MD5"),
        (.keytab, "hello\n", "is no keytab; GSSAPI would not be offered"), (.keytab, "", "is no keytab"),
        (.password, "\nsecond\n", "its first line is empty"), (.password, "", "its first line is empty"),
        (.password, "a\u{0}b\n", "is no password"), (.authorities, "hello\n", "there is no certificate in"),
        (.privateKey(certificate: "/proc/version"), "hello\n", "there is no certificate in"),
    ]

    @Test("a file that is not what it is named for is an error, in words that say what it is for", arguments: faulty.indices)
    func faults(_ index: Int) throws {
        let (content, text, words) = Self.faulty[index]
        let faults = try faults(of: content, text)
        let first = try #require(faults.first)
        #expect(faults.count == 1 && first.isError && first.message.contains(words) && first.accepted != nil, "\(faults)")
    }

    @Test("a good one has nothing against it")
    func good() throws {
        #expect(try faults(of: .password, "secret\n").isEmpty)
        #expect(try faults(of: .keytab, "\u{5}\u{2}").isEmpty)
        #expect(try faults(of: .secretsKey, "AES-256-GCM$1$" + String(repeating: "A", count: 43) + "=\n").isEmpty)
        #expect(try faults(of: .hostNames, "anything").isEmpty)
    }

    @Test("a secret of another account is a warning that names it; a file that everybody may know is not", .enabled(if: geteuid() == 0))
    func owner() throws {
        let faults = try faults(of: .password, "secret\n", owner: 4_000_000)
        let first = try #require(faults.first)
        #expect(!first.isError && first.message.contains("belongs to the account 4000000"), "\(faults)")
        #expect(try self.faults(of: .hostNames, "127.0.0.1 a\n", owner: 4_000_000).isEmpty)
    }

    private func faults(of content: NeededFile.Content, _ text: String, owner: UInt32? = nil) throws -> [FileInspection.Fault] {
        var path = Array("/tmp/postern-files-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        #expect(descriptor >= 0)
        defer {
            close(descriptor)
            unlink(path)
        }
        let octets = Array(text.utf8)
        #expect(write(descriptor, octets, octets.count) == octets.count)
        if let owner { #expect(fchown(descriptor, owner, owner) == 0) }
        let file = NeededFile(
            path: String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), keys: ["x"], isSecret: false,
            content: content)
        let topology = Topology(hostname: try #require(DomainName(parsing: "mx.one.test")))
        return ConfiguredFiles.faults(file, .auth, topology)
    }
}
