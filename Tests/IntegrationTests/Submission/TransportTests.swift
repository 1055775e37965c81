import Foundation
import Testing

/// What protects a session, and what happens where it does not: S11, S13, S14, RFC 3207.
@Suite("The submission server's TLS")
struct TransportTests {
    private static func openSession(_ name: String, port: Int, _ handshake: String = "TLS") -> String {
        "@\(name) \(port)\nS: 220\nC: EHLO c.test\nS: 250\nC: STARTTLS\nS: 220\n\(handshake)\nC: EHLO c.test"
    }

    private static let logIn = "AUTH PLAIN anna \(SubmissionUnderTest.password)\nS: 235"

    @Test("before TLS nothing but EHLO, STARTTLS, NOOP and QUIT; the refusal says what is missing (S13)")
    func secureChannel() async throws {
        try await withSubmission { server in
            let said = try await server.play(
                """
                S: 220
                C: MAIL FROM:<anna@local.test>
                S: 530 5.7.0 Must issue a STARTTLS command first
                C: HELO c.test
                S: 530 5.7.0
                C: EHLO c.test
                S: 250
                HAS STARTTLS
                LACKS AUTH
                C: NOOP
                S: 250
                C: AUTH PLAIN
                S: 530 5.7.0
                C: VRFY anna
                S: 530 5.7.0
                C: RCPT TO:<anna@local.test>
                S: 530 5.7.0
                C: QUIT
                S: 221
                END
                """)
            #expect(said.isEmpty, "\(said)")
        }
    }

    @Test("a cipher of too few bits is refused with a reply that names it (S14), and an old version with an alert")
    func limits() async throws {
        try await withSubmission(.init(tls: "{ mode: required, minimum_bits: 256 }")) { server in
            let weak = "TLS mx.postern.test 1.2 ECDHE-ECDSA-AES128-GCM-SHA256"
            let said = try await server.play(
                """
                \(Self.openSession("weak", port: server.port, weak))
                S: 250
                LACKS AUTH
                C: MAIL FROM:<anna@local.test>
                S: 530 5.7.0 This server needs an encryption of at least 256 bits; this connection has 128 (ECDHE-ECDSA-AES128-GCM-SHA256)
                END
                \(Self.openSession("strong", port: server.port))
                S: 250
                \(Self.logIn)
                """)
            #expect(said.isEmpty, "\(said)")
            // The same by OpenSSL's own client, over TLS 1.3.
            let client = try await Program.run(
                "openssl",
                ["s_client", "-connect", "127.0.0.1:\(server.securePort)", "-ciphersuites", "TLS_AES_128_GCM_SHA256", "-quiet", "-crlf"],
                input: Data("EHLO c.test\nMAIL FROM:<anna@local.test>\nQUIT\n".utf8))
            #expect(client.text.contains("530 5.7.0") && client.text.contains("at least 256 bits"), "\(client.text)\n\(client.errors)")
        }
        try await withSubmission(.init(tls: #"{ mode: required, minimum_version: "1.3" }"#)) { server in
            let said = try await server.play(
                """
                @old \(server.port)
                S: 220
                C: EHLO c.test
                S: 250
                C: MAIL FROM:<anna@local.test>
                S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
                C: STARTTLS
                S: 220
                NOTLS mx.postern.test 1.2
                @oldimplicit \(server.securePort)
                NOTLS mx.postern.test 1.2
                \(Self.openSession("new", port: server.port, "TLS mx.postern.test 1.3"))
                S: 250
                \(Self.logIn)
                """)
            #expect(said.isEmpty, "\(said)")
            _ = try await eventually("the log says why; \(server.postern.logText.suffix(2000))") {
                server.postern.logText.contains("no TLS") ? true : nil
            }
        }
    }

    @Test("commands sent in clear behind STARTTLS are never done, and what was said before the handshake is forgotten")
    func injection() async throws {
        try await withSubmission(.init(tls: "{ mode: offered }")) { server in
            let said = try await server.play(
                """
                @attacked \(server.port)
                S: 220
                C: EHLO attacker.test
                S: 250
                C: STARTTLS\\r\\nEHLO injected.test\\r\\nMAIL FROM:<x@attacker.test>
                S: 220
                TLS
                C: NOOP
                S: 250 2.0.0
                C: MAIL FROM:<anna@local.test>
                S: 503 5.5.1
                C: EHLO c.test
                S: 250
                LACKS STARTTLS
                C: STARTTLS
                S: 503 5.5.1
                """)
            #expect(said.isEmpty, "\(said)")
            _ = try await eventually("a line about it") {
                server.postern.logText.contains("a client sent commands in clear behind STARTTLS") ? true : nil
            }
        }
    }

    @Test(
        "a renewed pair is shown to new sessions while old ones go on; a wrong pair is refused and said, an expired one warned about",
        arguments: [[], ["--sandbox"]])
    func renewal(options: [String]) async throws {
        try await withSubmission(options: options) { server in
            let (folder, seen) = (server.postern.folder, server.postern.folder.file("seen").path)
            let kept = folder.file("kept.pem").path
            try FileManager.default.copyItem(atPath: server.certificate, toPath: kept)
            let go = folder.file("go").path
            try folder.write("go", "")
            // One session stays open all the while.
            async let old = server.play(
                """
                \(Self.openSession("old", port: server.port))
                S: 250
                SHOWN \(kept)
                TOUCH \(seen)
                GONE \(go)
                \(Self.logIn)
                \(SubmissionUnderTest.transaction(from: "anna@local.test", to: "bert@local.test"))
                """)
            _ = try await eventually("the session stands") { FileManager.default.fileExists(atPath: seen) ? true : nil }

            try await Certificate.selfSigned(in: folder, name: "mail")
            #expect(try await server.postern.postern(["reload"]).status == 0)
            // At once, and not when the files are looked at next.
            _ = try await eventually(within: 5, "a new session sees the new certificate; \(server.postern.logText.suffix(2000))") {
                try await server.play("\(Self.openSession("new", port: server.port))\nS: 250\nSHOWN \(server.certificate)").isEmpty
                    ? true : nil
            }
            try? FileManager.default.removeItem(atPath: kept + ".2")  // There is none before the first run.
            try FileManager.default.copyItem(atPath: server.certificate, toPath: kept + ".2")

            // The key of another one.
            try await Certificate.selfSigned(in: folder, name: "other")
            rename(folder.file("other.key").path, folder.file("mail.key").path)
            let reloaded = try await server.postern.postern(["reload"])
            #expect(reloaded.status == 75, "\(reloaded)")
            #expect(
                reloaded.errors.contains("not done: postern-submission the changed certificate \(server.certificate) is not used"),
                "\(reloaded)")
            _ = try await eventually("the wrong pair is refused; \(server.postern.logText.suffix(2000))") {
                server.postern.logText.contains("changed certificate not used, the old one stays") ? true : nil
            }
            let still = try await server.play("\(Self.openSession("still", port: server.port))\nS: 250\nSHOWN \(kept).2\n\(Self.logIn)")
            #expect(still.isEmpty, "\(still)")

            unlink(go)
            let said = try await old
            #expect(said.isEmpty, "\(said)")
        }
    }

    @Test("a certificate that has expired is served, with an error in the log")
    func expired() async throws {
        let server = try await SubmissionUnderTest()
        try await Certificate.selfSigned(in: server.postern.folder, name: "mail", expired: true)
        try await server.start()
        let said = try await server.play("\(Self.openSession("s", port: server.port))\nS: 250\nSHOWN \(server.certificate)\n\(Self.logIn)")
        #expect(said.isEmpty, "\(said)")
        #expect(server.postern.logText.contains("a certificate has expired"), "\(server.postern.logText)")
        await server.stop()
    }

    @Test("of several certificates the client's name decides which is shown, and RSA stands beside ECDSA for one name")
    func names() async throws {
        let pairs = ["rsa", "other"].map { "\($0): { certificate: \($0).pem, key: \($0).key }" }.joined(separator: "\n")
        let server = try await SubmissionUnderTest(
            .init(tls: "{ mode: required, certificate: [default, rsa, other] }", certificates: pairs))
        let folder = server.postern.folder
        try await Certificate.selfSigned(in: folder, name: "rsa", key: .rsa)
        try await Certificate.selfSigned(in: folder, name: "other", host: "other.postern.test")
        try await server.start()
        let cases = [
            ("mx.postern.test", "mail"), ("other.postern.test", "other"), ("unknown.test", "mail"),
            ("mx.postern.test 1.2 ECDHE-RSA-AES256-GCM-SHA384", "rsa"), ("mx.postern.test 1.2 ECDHE-ECDSA-AES256-GCM-SHA384", "mail"),
        ]
        for (index, (hello, pair)) in cases.enumerated() {
            let said = try await server.play(
                "\(Self.openSession("c\(index)", port: server.port, "TLS \(hello)"))\nS: 250\nSHOWN \(folder.file("\(pair).pem").path)")
            #expect(said.isEmpty, "\(said)\n\(server.postern.logText.suffix(2000))")
        }
        await server.stop()
    }

    @Test("clients that ask for STARTTLS and stop in the handshake give way to those who come after")
    func slowStartTLS() async throws {
        try await withSubmission(.init(server: "connections: { limit: 4 }")) { server in
            let slow = (0..<6).map {
                "@slow\($0) \(server.port)\nS: 220\nC: EHLO c.test\nS: 250\nC: STARTTLS\nS: 220\nR: \\x16\\x03\\x01\\x02\\x00\\x01"
            }.joined(separator: "\n")
            let folder = server.postern.folder
            let (go, seen) = (folder.file("go").path, folder.file("seen").path)
            try folder.write("go", "")
            async let slowOnes = server.play("\(slow)\nTOUCH \(seen)\nGONE \(go)")
            _ = try await eventually("they have begun") { FileManager.default.fileExists(atPath: seen) ? true : nil }
            for _ in 0..<3 {
                let said = try await server.play("\(Self.openSession("right", port: server.port, "TLS mx.postern.test"))\nS: 250")
                #expect(said.isEmpty, "\(said)")
            }
            unlink(go)
            let said = try await slowOnes
            #expect(said.isEmpty, "\(said)")
        }
    }

    @Test("clients that stop in the middle of a handshake, of AUTH and of DATA leave nothing behind, and hold nobody up")
    func stops() async throws {
        try await withSubmission(.init(server: "connections: { limit: 4 }")) { server in
            // The first octets of a ClientHello whose rest never comes, more often than there are slots.
            let slow = (0..<6).map { "@slow\($0) \(server.securePort)\nR: \\x16\\x03\\x01\\x02\\x00\\x01" }.joined(separator: "\n")
            let folder = server.postern.folder
            let (go, seen) = (folder.file("go").path, folder.file("seen").path)
            try folder.write("go", "")
            async let slowOnes = server.play("\(slow)\nTOUCH \(seen)\nGONE \(go)")
            _ = try await eventually("they have begun") { FileManager.default.fileExists(atPath: seen) ? true : nil }
            var said = ""
            _ = try? await eventually(within: 5, "somebody gets in") {  // What was said last is reported.
                said = try await server.play("@right \(server.securePort)\nTLS\nS: 220\nC: EHLO c.test\nS: 250\n\(Self.logIn)")
                return said.isEmpty ? true : nil
            }
            #expect(said.isEmpty, "\(said)")
            unlink(go)
            _ = try await slowOnes
            // dialogue.py ends, and with it its connections.
            for stop in ["C: AUTH SCRAM-SHA-256\nS: 334", "C: AUTH LOGIN\nS: 334\nC: YW5uYQ==\nS: 334", Self.halfMessage] {
                let stopped = try await server.play("@s \(server.securePort)\nTLS\nS: 220\nC: EHLO c.test\nS: 250\n\(stop)")
                #expect(stopped.isEmpty, "\(stopped)")
            }
            // The ends of the others may still be on their way.
            _ = try await eventually("all slots are free") {
                try await server.play(
                    (0..<4).map { "@w\($0) \(server.securePort)\nTLS\nS: 220\nC: EHLO c.test\nS: 250\n\(Self.logIn)" }.joined(
                        separator: "\n")
                ).isEmpty ? true : nil
            }
            #expect(try await server.postern.queue().isEmpty)
            #expect(try server.postern.messages(for: "bert").isEmpty)
        }
    }

    private static let halfMessage = """
        \(logIn)
        C: MAIL FROM:<anna@local.test>
        S: 250
        C: RCPT TO:<bert@local.test>
        S: 250
        C: DATA
        S: 354
        C: Subject: half
        """
}
