import Credentials
import Foundation
import MailVocabulary
import Testing

@testable import CommandLineTool

@Suite("Dovecot's passwd-file")
struct DovecotPasswdFileTests {
    private static let verifier = "SCRAM-SHA-256$4096:\(Base64.encode([1, 2]))$\(keys):\(keys)"
    private static let keys = Base64.encode([UInt8](repeating: 7, count: 32))
    private static let password = "{SCRAM-SHA-256}4096,AQI=,\(keys),\(keys)"

    private static func account(_ text: String) -> EmailAddress { EmailAddress(parsing: text)! }

    @Test("accounts, devices and who cannot log in: one line each, sorted, whatever the order they came in")
    func lines() {
        let place = DovecotPasswdFile.Fields(uid: "mail", gid: "mail", home: "/m/anna", maildir: "/m/anna")
        var file = DovecotPasswdFile()
        file.add(account: Self.account("bob@a.test"), login: nil, verifier: "", .init())
        file.add(account: Self.account("Anna@a.test"), login: nil, verifier: "", place)
        file.add(account: Self.account("Anna@a.test"), login: "anna+phone@a.test", verifier: Self.verifier, place)
        file.add(account: Self.account("Anna@a.test"), login: "anna@a.test", verifier: Self.verifier, place)
        #expect(
            file.text == """
                anna+phone@a.test:\(Self.password):mail:mail::/m/anna::user=anna@a.test userdb_mail=maildir:/m/anna
                anna@a.test:\(Self.password):mail:mail::/m/anna::userdb_mail=maildir:/m/anna
                bob@a.test:{CRYPT}!::::::

                """)
        #expect(file.count == 2 && file.problems.isEmpty)
    }

    @Test("a name that would end a field or a line is left out, and said", arguments: ["a:b", "a b", "a\nroot"])
    func unfit(_ login: String) {
        var file = DovecotPasswdFile()
        file.add(account: Self.account("anna@a.test"), login: login, verifier: Self.verifier, .init())
        #expect(file.text == "anna@a.test:{CRYPT}!::::::\n")
        #expect(file.count == 0 && file.problems.count == 1)
    }

    @Test("a file that is kept in step is replaced with mode 0640 where it changed, and else not touched")
    func replaced() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("postern-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }  // what is left in /tmp does no harm
        let path = folder.appendingPathComponent("users").path
        func facts() throws -> (mode: Int?, inode: Int?) {
            let all = try FileManager.default.attributesOfItem(atPath: path)
            return (all[.posixPermissions] as? Int, all[.systemFileNumber] as? Int)
        }
        #expect(try ReplacedFile.write("one\n", to: path, mode: 0o640, group: nil))
        let first = try facts()
        #expect(first.mode == 0o640)
        #expect(try !ReplacedFile.write("one\n", to: path, mode: 0o640, group: nil))
        #expect(try facts().inode == first.inode)
        #expect(try ReplacedFile.write("two\n", to: path, mode: 0o640, group: nil))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "two\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["users"])
    }
}
