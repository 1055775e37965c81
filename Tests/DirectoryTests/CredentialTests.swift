import Credentials
import Directory
import MailVocabulary
import Testing

@Suite("Credentials")
struct CredentialTests {
    private let noon = Timestamp(seconds: 1_000_000)

    @Test("the right password of a login name is the account, everything else is nobody")
    func verify() throws {
        let test = try TestDirectory()
        let directory = test.directory
        let anna = try directory.addUser(address("anna"), password: "pencil")
        try directory.addUser(address("bert"))
        #expect(try directory.verify(loginName: "Anna@A.example", password: "pencil") == anna)
        for (name, password) in [
            ("anna@a.example", "Pencil"), ("anna@a.example", ""), ("anna@a.example", "\0"), ("bert@a.example", ""),
            ("bert@a.example", "pencil"), ("carl@a.example", "pencil"), ("", "pencil"), ("an\0na", "pencil"),
            (String(repeating: "n", count: 5000), "pencil"), ("anna@a.example", String(repeating: "x", count: 5000)),
        ] {
            #expect(try directory.verify(loginName: name, password: password) == nil, "\(name.prefix(20))")
        }
    }

    @Test("a recoverable password is kept sealed, opens with the key and for its owner alone, and goes with the next password")
    func recoverable() throws {
        let test = try TestDirectory()
        let directory = test.directory
        try directory.addUser(address("anna"), password: "pencil")
        let key = try SecretKey()
        func sealed(_ password: String, _ login: String) throws -> SealedSecret {
            let owner = SealedSecret.Owner(account: address("anna").lookupKey, credential: try directory.key(ofNewLogin: login))
            return try SealedSecret(sealing: try PreparedPassword(password), for: owner, with: key)
        }
        func opened(_ login: String) throws -> String? {
            guard let found = try directory.credentialVerifier(loginName: login), let secret = found.secret else { return nil }
            let owner = SealedSecret.Owner(account: found.address.lookupKey, credential: found.loginKey)
            return try secret.open(for: owner, with: key).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try opened("Anna@a.example") == nil)
        try directory.setPassword(loginName: "ANNA@a.example", "crayon", secret: try sealed("crayon", "Anna@A.example"))
        #expect(try opened("anna@a.example") == "crayon")
        try directory.addCredential(
            to: address("anna"), loginName: "Anna+Pc@a.example", password: "chalk", secret: try sealed("chalk", "anna+PC@a.example"))
        #expect(try opened("anna+pc@a.example") == "chalk")
        #expect(try directory.listCredentials(of: address("anna")).map(\.isRecoverable) == [true, true])
        try directory.setPassword(loginName: "anna+pc@a.example", "ink")
        #expect(try opened("anna+pc@a.example") == nil)
        // Of the account's own name the password goes, and with it what is sealed.
        try directory.removeCredential(loginName: "anna@a.example")
        #expect(try directory.listCredentials(of: address("anna")).map(\.isRecoverable) == [false, false])
    }

    @Test("an export has what somebody can log in with: no expired credential, none without a password")
    func exported() throws {
        let test = try TestDirectory()
        let directory = test.directory
        try directory.addUser(address("bert"))
        try directory.addUser(address("anna"), password: "pencil")
        try directory.addCredential(to: address("anna"), loginName: "anna-old", password: "x", expiresAt: noon, now: noon)
        try directory.addCredential(to: address("anna"), loginName: "Anna-New", password: "x", expiresAt: noon + .seconds(1), now: noon)
        #expect(try directory.credentialVerifiers(now: noon).map(\.loginKey) == ["anna@a.example", "anna-new"])
    }

    @Test("every device has a name, a password and an expiry of its own")
    func devices() throws {
        let test = try TestDirectory()
        let directory = test.directory
        let anna = try directory.addUser(address("anna"), password: "pencil", now: noon)
        let tomorrow = noon + .seconds(86_400)
        try directory.addCredential(
            to: address("anna"), loginName: "anna/Phone", label: "phone", password: "crayon", expiresAt: tomorrow, now: noon)
        #expect(try directory.verify(loginName: "anna/phone", password: "crayon", now: noon) == anna)
        #expect(try directory.verify(loginName: "anna/phone", password: "pencil", now: noon) == nil)
        #expect(try directory.verify(loginName: "anna@a.example", password: "crayon", now: noon) == nil)
        #expect(try directory.verify(loginName: "anna/phone", password: "crayon", now: tomorrow) == nil)
        let listed = try directory.listCredentials(of: address("anna"))
        #expect(listed.map(\.loginName) == ["anna@a.example", "anna/Phone"])
        #expect(listed[1].label == "phone" && listed[1].expiresAt == tomorrow && listed[1].createdAt == noon)
        try directory.removeCredential(loginName: "anna/phone")
        #expect(try directory.listCredentials(of: address("anna")).count == 1)
        #expect(try directory.credentialVerifier(loginName: "anna/phone") == nil)
    }

    @Test("a new password replaces the old one")
    func setPassword() throws {
        let test = try TestDirectory()
        let anna = try test.directory.addUser(address("anna"), password: "pencil")
        try test.directory.setPassword(loginName: "ANNA@a.example", "crayon")
        #expect(try test.directory.verify(loginName: "anna@a.example", password: "pencil") == nil)
        #expect(try test.directory.verify(loginName: "anna@a.example", password: "crayon") == anna)
        let verifier = try #require(try test.directory.credentialVerifier(loginName: "anna@a.example"))
        #expect(verifier.account == anna && verifier.address == address("anna") && verifier.verifier.iterations == 4096)
    }

    @Test("removing the first credential takes its password and keeps its name for the account")
    func removeFirst() throws {
        let test = try TestDirectory(users: ["bert"])
        try test.directory.addUser(address("anna"), password: "pencil")
        try test.directory.removeCredential(loginName: "anna@a.example")
        #expect(try test.directory.verify(loginName: "anna@a.example", password: "pencil") == nil)
        #expect(try test.directory.listCredentials(of: address("anna")).map(\.hasPassword) == [false])
        #expect(throws: DirectoryError.loginNameTaken("anna@a.example", by: address("anna"))) {
            try test.directory.addCredential(to: address("bert"), loginName: "anna@a.example", password: "x")
        }
    }

    @Test("the last use is noted, but not written at every login")
    func lastUse() throws {
        let test = try TestDirectory()
        let directory = test.directory
        try directory.addUser(address("anna"), password: "pencil", now: noon)
        func lastUse() throws -> Timestamp? { try directory.listCredentials(of: address("anna"))[0].lastUsedAt }
        _ = try directory.verify(loginName: "anna@a.example", password: "wrong", now: noon)
        #expect(try lastUse() == nil)
        _ = try directory.verify(loginName: "anna@a.example", password: "pencil", now: noon)
        #expect(try lastUse() == noon)
        try directory.recordUse(loginName: "anna@a.example", now: noon + .seconds(299))
        #expect(try lastUse() == noon)
        try directory.recordUse(loginName: "anna@a.example", now: noon + .seconds(301))
        #expect(try lastUse() == noon + .seconds(301))
    }

    @Test("what cannot be is refused in words")
    func refusals() throws {
        let test = try TestDirectory(users: ["anna"])
        let directory = test.directory
        func add(_ name: String, label: String = "", to user: String = "anna", password: String = "x") throws {
            try directory.addCredential(to: address(user), loginName: name, label: label, password: password)
        }
        #expect(throws: DirectoryError.noSuchUser(address("bert"))) { try add("b", to: "bert") }
        #expect(throws: DirectoryError.invalidLoginName("")) { try add("") }
        #expect(throws: DirectoryError.invalidLoginName("a\nb")) { try add("a\nb") }
        #expect(throws: DirectoryError.invalidLabel("\u{1B}[2J")) { try add("a", label: "\u{1B}[2J") }
        #expect(throws: DirectoryError.password(.prohibitedCharacter)) { try add("a", password: "\t") }
        #expect(throws: DirectoryError.noSuchLoginName("a")) { try directory.setPassword(loginName: "a", "x") }
        #expect(throws: DirectoryError.noSuchLoginName("a")) { try directory.removeCredential(loginName: "a") }
        #expect("\(DirectoryError.invalidLoginName("a\u{1B}b"))".hasPrefix("'a?b' cannot be a login name"))
        try add("bert@a.example")
        #expect(throws: DirectoryError.loginNameTaken("bert@a.example", by: address("anna"))) {
            try directory.addUser(address("bert"))
        }
        #expect(try directory.resolve(recipient: address("bert")) == nil)
    }

    @Test("an account has a bounded number of credentials, and loses them with its removal")
    func bounded() throws {
        let test = try TestDirectory(users: ["anna"])
        for number in 1..<Directory.maximumCredentials {
            try test.directory.addCredential(to: address("anna"), loginName: "anna/\(number)", password: "x")
        }
        #expect(throws: DirectoryError.tooManyCredentials(address("anna"), limit: 100)) {
            try test.directory.addCredential(to: address("anna"), loginName: "anna/100", password: "x")
        }
        try test.directory.removeUser(address("anna"))
        #expect(try test.directory.credentialVerifier(loginName: "anna/1") == nil)
        try test.directory.addUser(address("anna"))
        #expect(try test.directory.listCredentials(of: address("anna")).count == 1)
    }

    @Test("an unknown name has a decoy: the same every time, another for another name, matched by nothing")
    func decoys() throws {
        let test = try TestDirectory()
        let decoy = try test.directory.decoyVerifier(loginName: "Nobody@a.example")
        #expect(try test.directory.decoyVerifier(loginName: "nobody@a.example") == decoy)
        #expect(try test.directory.decoyVerifier(loginName: "somebody@a.example").salt != decoy.salt)
        #expect(decoy.iterations == 4096 && decoy.salt.count == 16 && decoy.storedKey.count == 32)
        #expect(try TestDirectory().directory.decoyVerifier(loginName: "nobody@a.example") != decoy)
    }
}
