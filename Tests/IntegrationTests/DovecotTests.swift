import Foundation
import Testing

/// Dovecot beside Postern: people read their mail with the passwords that Postern keeps.
@Suite("Dovecot with an exported passwd-file", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/dovecot")))
struct DovecotTests {
    /// One login by IMAP or POP3; prints what was in the mailbox, or `refused`. The SCRAM side is Python's own hashing (RFC 5802 §3).
    private static let client = """
        import base64, hashlib, hmac, imaplib, os, poplib, sys
        how, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
        def mac(key, text): return hmac.new(key, text, hashlib.sha256).digest()
        class Scram:
            def __init__(self): self.nonce, self.step = base64.b64encode(os.urandom(18)).decode(), 0
            def __call__(self, challenge):
                self.step += 1
                if self.step == 1:
                    self.first = "n=%s,r=%s" % (user, self.nonce)
                    return ("n,," + self.first).encode()
                if self.step == 2:
                    part = dict(p.split("=", 1) for p in challenge.decode().split(","))
                    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(part["s"]), int(part["i"]))
                    key = mac(salted, b"Client Key")
                    bare = "c=biws,r=" + part["r"]
                    signed = ",".join([self.first, challenge.decode(), bare]).encode()
                    signature = mac(hashlib.sha256(key).digest(), signed)
                    self.server = base64.b64encode(mac(mac(salted, b"Server Key"), signed)).decode()
                    proof = bytes(a ^ b for a, b in zip(key, signature))
                    return (bare + ",p=" + base64.b64encode(proof).decode()).encode()
                assert challenge.decode() == "v=" + self.server, "the server does not know the password"
                return b""
        try:
            if how == "pop3":
                pop = poplib.POP3("127.0.0.1", port, timeout=60)
                pop.user(user)
                pop.pass_(password)
                print("messages:", pop.stat()[0])
                pop.quit()
            else:
                imap = imaplib.IMAP4("127.0.0.1", port, timeout=60)
                if how == "scram": imap.authenticate("SCRAM-SHA-256", Scram())
                elif how == "plain": imap.authenticate("PLAIN", lambda _: ("\\0%s\\0%s" % (user, password)).encode())
                else: imap.login(user, password)
                print("messages:", int(imap.select("INBOX")[1][0]))
                imap.logout()
        except (imaplib.IMAP4.error, poplib.error_proto):
            print("refused")
        """

    private static func login(_ how: String, _ dovecot: DovecotUnderTest, _ user: String, _ password: String) async throws -> String {
        let port = how == "pop3" ? dovecot.pop3 : dovecot.imap
        let result = try await Program.run("python3", ["-c", client, how, String(port), user, password])
        #expect(result.status == 0, "\(result.errors)\n\(dovecot.log)")
        return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("IMAP by LOGIN, PLAIN and SCRAM-SHA-256, and POP3, take the account's password and the device's, and nothing else")
    func sameAccounts() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        func run(_ words: String..., input: String = "") async throws -> Program.Result {
            let result = try await postern.postern(words, input: input)
            #expect(result.status == 0, "\(words): \(result.errors)")
            return result
        }
        _ = try await run("user", "add", "anna", "--password-stdin", input: "pencil\n")
        _ = try await run("user", "add", "bert")
        let made = try await run("credential", "add", "anna", "--name", "phone", "--expires", "90d", "--json").text
        let device = try #require(try JSONSerialization.jsonObject(with: Data(made.utf8)) as? [String: String])
        #expect(device["login_name"] == "anna+phone@local.test")
        let password = try #require(device["password"])

        let mail = try TemporaryFolder()
        for folder in ["new", "cur", "tmp"] {
            try FileManager.default.createDirectory(
                atPath: "\(mail.path)/anna/Maildir/\(folder)", withIntermediateDirectories: true)
        }
        try mail.write("anna/Maildir/new/1.one.host", "Subject: one\n\none\n")
        _ = try await Program.run("chown", ["-R", DovecotUnderTest.mailAccount, mail.path])
        chmod(mail.path, 0o755)

        // Where Postern's own Maildirs are another account's, the option names the place; here the test's folder stands for it.
        let users = postern.folder.file("users").path
        let export = [
            "user", "export", "--dovecot", "--uid", DovecotUnderTest.mailAccount, "--gid", "\(getegid() == 0 ? 65534 : getegid())",
        ]
        let text = try await postern.postern(export + ["--home", mail.path + "/{user}"]).text
        #expect(text.split(separator: "\n").count == 3)
        let written = text.split(separator: "\n").map { line in
            // The Maildir of the configuration belongs to the account of the test.
            line.components(separatedBy: "userdb_mail=")[0] + "userdb_mail=maildir:~/Maildir"
        }
        try (written.joined(separator: "\n") + "\n").write(toFile: users, atomically: true, encoding: .utf8)
        chmod(users, 0o644)
        chmod(postern.folder.path, 0o755)

        let dovecot = try DovecotUnderTest(users: users)
        try await dovecot.start()
        for how in ["login", "plain", "scram", "pop3"] {
            #expect(try await Self.login(how, dovecot, "anna@local.test", "pencil") == "messages: 1", "\(how)\n\(dovecot.log)")
            #expect(try await Self.login(how, dovecot, "anna+phone@local.test", password) == "messages: 1", "\(how)\n\(dovecot.log)")
        }
        for how in ["plain", "scram"] {
            #expect(try await Self.login(how, dovecot, "anna@local.test", password) == "refused", "\(how)")
            #expect(try await Self.login(how, dovecot, "bert@local.test", "!") == "refused", "\(how)")
        }
        await dovecot.stop()

        // Kept in step: a revoked device is gone with the next export, and an export without a change touches nothing.
        _ = try await run("credential", "revoke", "anna", "--name", "phone")
        let kept = postern.folder.file("kept").path
        let first = try await postern.postern(export + ["--to", kept])
        #expect(first.status == 0 && first.errors == "wrote \(kept): 1 login names\n", "\(first)")
        #expect(try !String(contentsOfFile: kept, encoding: .utf8).contains("phone"))
        #expect(try FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions] as? Int == 0o640)
        let again = try await postern.postern(export + ["--to", kept])
        #expect(again.status == 0 && again.errors.isEmpty, "\(again)")
        await postern.stop()
    }
}
