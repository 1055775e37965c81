import Foundation
import Testing

@testable import DeliveryService

@Suite("The password of a connector")
struct PasswordFileTests {
    @Test(
        "the first line is the password, as it is written",
        arguments: [
            ("secret", "secret"), ("secret\n", "secret"), ("secret\r\nnote\n", "secret"), (" with spaces \n", " with spaces "),
            ("p\u{E4}ss\n", "p\u{E4}ss"), ("\u{FEFF}secret\r\n", "secret"), ("sec\u{FEFF}ret\n", "sec\u{FEFF}ret"),
        ])
    func line(file: String, password: String) throws {
        #expect(try PasswordFile.firstLine(of: Array(file.utf8)) == Array(password.utf8))
    }

    @Test("what is no password")
    func bad() {
        let cases: [([UInt8], PasswordFile.Problem)] = [
            ([], .empty), (Array("\n".utf8), .empty), (Array("\u{FEFF}\n".utf8), .empty), (Array("\r\nsecret".utf8), .empty),
            ([0x61, 0, 0x62], .notText), ([0xFF], .notText),
            ([UInt8](repeating: 0x61, count: PasswordFile.maximumPassword + 1), .tooLong),
        ]
        for (file, problem) in cases { #expect(throws: problem) { try PasswordFile.firstLine(of: file) } }
    }

    @Test("a file that is open to everybody, is none, or is not there")
    func files() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("password-\(UUID().uuidString)").path
        #expect(throws: PasswordFile.Problem.unreadable(ENOENT)) { try PasswordFile.read(path) }
        #expect(throws: PasswordFile.Problem.notAFile) { try PasswordFile.read("/dev/null") }
        try Data("secret\n".utf8).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        for mode: UInt32 in [0o600, 0o640, 0o400] {
            chmod(path, mode)
            #expect(try PasswordFile.read(path) == Array("secret".utf8))
        }
        for mode: UInt32 in [0o644, 0o602, 0o601] {
            chmod(path, mode)
            #expect(throws: PasswordFile.Problem.openToEverybody(mode: mode)) { try PasswordFile.read(path) }
        }
        #expect("\(PasswordFile.Problem.openToEverybody(mode: 0o644))".contains("mode 0644"))
    }
}
