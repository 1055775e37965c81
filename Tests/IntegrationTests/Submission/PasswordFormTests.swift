import Foundation
import Testing

/// What clients make of a password, and what the header of submitted mail may say.
@Suite("Submission: passwords in every form, and the author that From names")
struct PasswordFormTests {
    @Test(
        "m²m² by SCRAM from a client that normalises, ü typed decomposed, and a login in another normal form; twice each, the second from memory"
    )
    func forms() async throws {
        try await withSubmission { server in
            for (user, password) in [("m2", "m²m²"), ("ren\u{E9}", "gr\u{FC}n")] {
                try await server.postern.addUser("\(user)@local.test", password: password)
            }
            func bytes(_ text: String) -> String {
                text.utf8.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
            }
            for (mechanism, user, password, reply) in [
                ("SCRAM-SHA-256", "m2", "m2m2", "235"), ("PLAIN", "m2", "m²m²", "235"), ("PLAIN", "m2", "m2m2", "235"),
                ("LOGIN", "rene\u{301}@local.test", "gru\u{308}n", "235"), ("PLAIN", "ren\u{E9}@local.test", "gr\u{FC}n", "235"),
                ("SCRAM-SHA-256", "rene\u{301}@local.test", "gr\u{FC}n", "235"), ("PLAIN", "ren\u{E9}", "grun", "535"),
            ] {
                for _ in 0..<2 {
                    let played = try await server.play(
                        "S: 220\nC: EHLO c.test\nS: 250\nC: STARTTLS\nS: 220\nTLS\nC: EHLO c.test\nS: 250\n"
                            + "AUTH \(mechanism) \(bytes(user)) \(bytes(password))\nS: \(reply)\nC: QUIT\nS: 221")
                    #expect(played.isEmpty, "\(mechanism) \(user): \(played)\n\(server.postern.logText.suffix(2000))")
                }
            }
        }
    }

    @Test("a password that was changed or removed while it was remembered lets nobody in any more")
    func changed() async throws {
        try await withSubmission { server in
            func logIn(_ user: String, _ password: String, _ reply: String) async throws {
                let played = try await server.play(
                    "S: 220\nC: EHLO c.test\nS: 250\nC: STARTTLS\nS: 220\nTLS\nC: EHLO c.test\nS: 250\n"
                        + "AUTH PLAIN \(user) \(password)\nS: \(reply)\nC: QUIT\nS: 221")
                #expect(played.isEmpty, "\(user) \(password): \(played)")
            }
            for _ in 0..<2 { try await logIn("anna@local.test", SubmissionUnderTest.password, "235") }
            let set = try await server.postern.postern(["user", "passwd", "anna@local.test", "--password-stdin"], input: "another one\n")
            #expect(set.status == 0, "\(set.errors)")
            try await logIn("anna@local.test", SubmissionUnderTest.password, "535")
            for _ in 0..<2 { try await logIn("anna@local.test", "another one", "235") }
            let added = try await server.postern.postern(
                ["credential", "add", "anna@local.test", "--name", "phone", "--password-stdin"], input: "for the phone\n")
            #expect(added.status == 0, "\(added.errors)")
            for _ in 0..<2 { try await logIn("anna+phone@local.test", "for the phone", "235") }
            let revoked = try await server.postern.postern(["credential", "revoke", "anna@local.test", "--name", "phone"])
            #expect(revoked.status == 0, "\(revoked.errors)")
            try await logIn("anna+phone@local.test", "for the phone", "535")
        }
    }

    @Test("with check_header, From must be the account's: others, several with one of another, none, two and an unreadable one are refused")
    func author() async throws {
        var settings = SubmissionUnderTest.Settings()
        settings.rest = "permissions: { check_header: true, send_as: [{ who: [anna], addresses: [\"sales@local.test\"] }] }"
        try await withSubmission(settings) { server in
            func from(_ header: String, _ reply: String) async throws {
                let played = try await server.play(
                    "S: 220\nC: EHLO c.test\nS: 250\nC: STARTTLS\nS: 220\nTLS\nC: EHLO c.test\nS: 250\n"
                        + "AUTH PLAIN anna@local.test \(SubmissionUnderTest.password)\nS: 235\n"
                        + "C: MAIL FROM:<anna@local.test>\nS: 250\nC: RCPT TO:<bert@local.test>\nS: 250\nC: DATA\nS: 354\n"
                        + "C: \(header)Subject: x\\r\\n\\r\\nx\\r\\n.\nS: \(reply)\nC: QUIT\nS: 221")
                #expect(played.isEmpty, "\(header): \(played)")
            }
            try await from(#"From: Anna <ANNA@local.test>\r\n"#, "250 2.0.0")
            try await from(#"From: anna+news@local.test, Sales <sales@local.test>\r\n"#, "250 2.0.0")
            try await from(#"From: Bert <bert@local.test>\r\n"#, "550 5.7.1 You may not send as bert@local.test")
            try await from(#"From: anna@local.test, boss@far.test\r\n"#, "550 5.7.1 You may not send as boss@far.test")
            try await from("", "550 5.7.1 The message must have one From field")
            try await from(#"From: anna@local.test\r\nFrom: boss@far.test\r\n"#, "550 5.7.1 The message must have one From field")
            try await from(#"From: boss@far.test <anna@local.test>\r\n"#, "550 5.7.1 The message must have one From field")
            #expect(try await server.postern.wait(for: 2, messagesFor: "bert").count == 2)
        }
    }
}
