import Glibc
import Testing

@testable import Credentials

@Suite("Recoverable secrets")
struct SealedSecretTests {
    private let anna = SealedSecret.Owner(account: "anna@a.example", credential: "anna@a.example")

    @Test("a sealed secret opens with its key, for its owner, and its text reads back")
    func roundTrip() throws {
        let key = try SecretKey()
        let sealed = try SealedSecret(sealing: PreparedPassword("Grüße 1"), for: anna, with: key)
        let read = try #require(SealedSecret(parsing: sealed.text))
        #expect(try read.open(for: anna, with: key) == Array("Grüße 1".utf8))
        #expect(!sealed.text.contains("1 "))
        #expect(try SealedSecret(sealing: PreparedPassword("Grüße 1"), for: anna, with: key).text != sealed.text)
    }

    @Test("with another key or for another owner it does not open")
    func others() throws {
        let key = try SecretKey()
        let sealed = try SealedSecret(sealing: PreparedPassword("pencil"), for: anna, with: key)
        #expect(try sealed.open(for: anna, with: SecretKey()) == nil)
        let owners = [
            SealedSecret.Owner(account: "bert@a.example", credential: "anna@a.example"),
            SealedSecret.Owner(account: "anna@a.example", credential: "phone"),
            SealedSecret.Owner(account: "anna@a.example anna@a.example", credential: ""),
        ]
        for owner in owners { #expect(try sealed.open(for: owner, with: key) == nil, "\(owner)") }
    }

    @Test("a change in any octet is found")
    func tampered() throws {
        let key = try SecretKey()
        let sealed = try SealedSecret(sealing: PreparedPassword("pencil"), for: anna, with: key)
        let parts = sealed.text.split(separator: "$").map(String.init)
        for (part, prefix) in [(2, "AES-256-GCM$1$"), (3, "AES-256-GCM$1$\(parts[2])$")] {
            let octets = try #require(Base64.decode(parts[part]))
            for index in octets.indices {
                var changed = octets
                changed[index] ^= 1
                let text = prefix + Base64.encode(changed) + (part == 2 ? "$\(parts[3])" : "")
                #expect(try #require(SealedSecret(parsing: text)).open(for: anna, with: key) == nil)
            }
        }
    }

    @Test(
        "anything else is no sealed secret",
        arguments: [
            "", "AES-256-GCM$1$", "AES-256-GCM$2$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AES-256-GCM$1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AES-256-GCM$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA==",
            "AES-256-GCM$1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAA$",
            "AES-256-GCM$1$AAAAAAAAAAAAAAAA$" + String(repeating: "A", count: 1600),
        ])
    func invalid(_ text: String) { #expect(SealedSecret(parsing: text) == nil) }

    @Test("the longest password fits into the text's bound")
    func longest() throws {
        let password = try PreparedPassword(String(repeating: "x", count: PreparedPassword.maximumOctets))
        let sealed = try SealedSecret(sealing: password, for: anna, with: SecretKey())
        #expect(SealedSecret(parsing: sealed.text) == sealed)
    }
}

@Suite("The key file of recoverable secrets")
struct SecretKeyFileTests {
    private let folder: String

    init() throws {
        var template = Array("/tmp/key-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CryptographyError("mkdtemp") }
        folder = String(cString: made)
    }

    private func remove() {
        unlink(folder + "/key")
        rmdir(folder)
    }

    @Test("a new file has mode 0600, reads back, and is never overwritten")
    func created() throws {
        defer { remove() }
        let path = folder + "/key"
        let key = try SecretKeyFile.create(path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try SecretKeyFile.read(path) == key)
        #expect("\(key)" == "(key)")
        #expect(throws: SecretKeyFile.Failure.alreadyExists(file: path)) { try SecretKeyFile.create(path) }
        #expect(try SecretKeyFile.read(path) == key)
    }

    @Test("a file that others may read is refused")
    func open() throws {
        defer { remove() }
        let path = folder + "/key"
        _ = try SecretKeyFile.create(path)
        chmod(path, 0o640)
        #expect(throws: SecretKeyFile.Failure.permissions(file: path, mode: 0o640)) { try SecretKeyFile.read(path) }
    }

    @Test("what is no key, or not there, is said", arguments: ["", "AES-256-GCM$1$AAAA\n", String(repeating: "x", count: 1000)])
    func noKey(_ content: String) throws {
        defer { remove() }
        let path = folder + "/key"
        #expect(throws: SecretKeyFile.Failure.unreadable(file: path, reason: "No such file or directory")) { try SecretKeyFile.read(path) }
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT, 0o600)
        write(descriptor, content, content.utf8.count)
        close(descriptor)
        #expect(throws: SecretKeyFile.Failure.notAKey(file: path)) { try SecretKeyFile.read(path) }
    }
}
