import Foundation
import Testing

/// Somebody guesses passwords: what it costs those who know theirs.
@Suite("Guessed passwords")
struct GuessingTests {
    @Test("1,000 wrong passwords from one address do not slow a right one from elsewhere by more than the stated 3 s, and each is logged")
    func thousand() async throws {
        try await withSubmission { server in
            let done = server.postern.folder.file("done").path
            // 100 connections at a time, as fast as they are answered.
            async let attack = Program.run("python3", [Program.script("guess"), "\(server.securePort)", "127.0.0.2", "1000", done])
            _ = try await eventually(within: 60, "guesses are being refused; \(server.postern.logText.suffix(2000))") {
                server.postern.logText.components(separatedBy: "login failed").count > 30 ? true : nil
            }
            // The owner from her own address, again and again while it lasts.
            var logins = 0
            while !FileManager.default.fileExists(atPath: done) {
                let said = try await server.play(
                    """
                    @owner \(server.securePort) 127.0.0.1
                    TLS
                    S: 220
                    C: EHLO c.test
                    S: 250
                    AUTH SCRAM-SHA-256 anna \(SubmissionUnderTest.password)
                    S: 235
                    WITHIN 3
                    """)
                #expect(said.isEmpty, "\(said)")
                logins += 1
            }
            let result = try await attack
            #expect(result.status == 0, "\(result.errors)")
            #expect(logins > 0)
            // Every refusal of a guess has its line, with what fail2ban needs.
            let refused = Int(result.text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
            #expect(refused == 1000, "\(result.text)")
            let lines = server.postern.logText.split(separator: "\n").filter { $0.contains("login failed") }
            #expect(lines.count == refused)
            #expect(lines.allSatisfy { $0.contains("127.0.0.2") && $0.contains("reason") })
            #expect(lines.contains { $0.contains("locks") }, "the address is locked for a while")
        }
    }

    @Test("a locked address is told so even with the right password, and is let in when the lock has ended")
    func lock() async throws {
        let rest = "identity: { failures: { delay: 0s, maximum_delay: 0s, lock_after: 4, lock_for: 5s } }"
        try await withSubmission(.init(rest: rest)) { server in
            let open = "TLS\nS: 220\nC: EHLO c.test\nS: 250"
            let right = "AUTH PLAIN anna \(SubmissionUnderTest.password)"
            let said = try await server.play(
                """
                @a \(server.securePort) 127.0.0.2
                \(open)
                AUTH PLAIN anna wrong1
                S: 535 5.7.8
                AUTH PLAIN anna wrong2
                S: 535 5.7.8
                @b \(server.securePort) 127.0.0.2
                \(open)
                AUTH PLAIN bert wrong3
                S: 535 5.7.8
                AUTH LOGIN bert wrong4
                S: 535 5.7.8
                \(right)
                S: 454 4.7.0 Too many failed logins
                @c \(server.securePort) 127.0.0.1
                \(open)
                \(right)
                S: 235
                @d \(server.securePort) 127.0.0.2
                \(open)
                AUTH PLAIN anna wrong
                S: 454 4.7.0 Too many failed logins
                """)
            #expect(said.isEmpty, "\(said)")
            _ = try await eventually("the lock has ended") {
                try await server.play("@e \(server.securePort) 127.0.0.2\n\(open)\n\(right)\nS: 235").isEmpty ? true : nil
            }
        }
    }

    @Test("killing postern-auth does not make guessing free: failures before and after count together")
    func killed() async throws {
        let rest = "identity: { failures: { delay: 0s, maximum_delay: 0s, lock_after: 4, lock_for: 10m } }"
        try await withSubmission(.init(rest: rest)) { server in
            func session(_ name: String, from client: String, _ lines: String) async throws -> String {
                try await server.play("@\(name) \(server.securePort) \(client)\nTLS\nS: 220\nC: EHLO c.test\nS: 250\n\(lines)")
            }
            let wrong = "AUTH PLAIN anna wrong1\nS: 535 5.7.8\nAUTH PLAIN anna wrong2\nS: 535 5.7.8"
            let right = "AUTH PLAIN anna \(SubmissionUnderTest.password)"
            #expect(try await session("before", from: "127.0.0.2", wrong).isEmpty)
            let old = try #require(try server.postern.processID(of: "postern-auth"))
            kill(old, SIGKILL)
            _ = try await eventually(within: 60, "somebody can log in again; \(server.postern.logText.suffix(3000))") {
                try await session("again", from: "127.0.0.1", "\(right)\nS: 235").isEmpty ? true : nil
            }
            #expect(try await session("after", from: "127.0.0.2", wrong).isEmpty)
            #expect(try await session("locked", from: "127.0.0.2", "\(right)\nS: 454 4.7.0 Too many failed logins").isEmpty)
        }
    }

    @Test("who has logged in from an address still does while others are being guessed at from it; right and wrong guesses look the same")
    func sharedAddress() async throws {
        let rest = "identity: { failures: { delay: 0s, maximum_delay: 0s, lock_after: 4, lock_for: 10m } }"
        try await withSubmission(.init(rest: rest)) { server in
            func session(_ name: String, _ lines: String) -> String {
                "@\(name) \(server.securePort) 127.0.0.2\nTLS\nS: 220\nC: EHLO c.test\nS: 250\n\(lines)"
            }
            func right(_ mechanism: String, _ account: String, _ reply: String) -> String {
                session(
                    "\(mechanism)-\(account)-\(reply.prefix(3))",
                    "AUTH \(mechanism) \(account) \(SubmissionUnderTest.password)\nS: \(reply)")
            }
            let wrong = (0..<4).map { session("wrong\($0)", "AUTH PLAIN bert wrong\($0)\nS: 535 5.7.8") }
            let said = try await server.play(
                ([right("PLAIN", "anna", "235")] + wrong + [
                    // The phone in the same office, with every mechanism, and more than once.
                    right("SCRAM-SHA-256", "anna", "235"), right("LOGIN", "anna", "235"),
                    // Guesses, the right one among them.
                    session("guess1", "AUTH PLAIN bert wrong\nS: 454 4.7.0"), right("PLAIN", "bert", "454 4.7.0"),
                    right("SCRAM-SHA-256", "bert", "454 4.7.0"), session("guess2", "AUTH SCRAM-SHA-256 bert wrong\nS: 454 4.7.0"),
                ]).joined(separator: "\n"))
            #expect(said.isEmpty, "\(said)")
        }
    }
}
