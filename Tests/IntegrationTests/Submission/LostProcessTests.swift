import Foundation
import Testing

/// The processes behind the submission server go away under its sessions.
@Suite("Sessions outlive postern-auth, the core and a reload, and say what to do")
struct LostProcessTests {
    private static func loggedIn(_ name: String, at server: SubmissionUnderTest) -> String {
        """
        @\(name) \(server.securePort)
        TLS
        S: 220
        C: EHLO c.test
        S: 250
        AUTH SCRAM-SHA-256 anna \(SubmissionUnderTest.password)
        S: 235
        """
    }

    /// Plays a script that touches `seen` and then waits until `go` is gone; meanwhile something happens.
    private func play(
        _ server: SubmissionUnderTest, _ script: (_ pause: String) -> String, meanwhile: () async throws -> Void
    ) async throws -> String {
        let folder = server.postern.folder
        let (go, seen) = (folder.file("go").path, folder.file("seen").path)
        try folder.write("go", "")
        unlink(seen)
        let text = script("TOUCH \(seen)\nGONE \(go)")
        async let said = server.play(text)
        _ = try await eventually("the session has come to its pause: \(text)\n\(server.postern.logText.suffix(2000))") {
            FileManager.default.fileExists(atPath: seen) ? true : nil
        }
        try await meanwhile()
        unlink(go)
        return try await said
    }

    private func restarted(_ daemon: String, of server: SubmissionUnderTest) async throws {
        let old = try #require(try server.postern.processID(of: daemon))
        kill(old, SIGKILL)
        _ = try await eventually("\(daemon) is there again") {
            try server.postern.processID(of: daemon).flatMap { $0 == old ? nil : $0 }
        }
    }

    /// Tries until somebody can log in: another process needs its time to start.
    private func logsInAgain(at server: SubmissionUnderTest) async throws {
        _ = try await eventually(within: 60, "somebody can log in again; \(server.postern.logText.suffix(3000))") {
            try await server.play(Self.loggedIn("again", at: server)).isEmpty ? true : nil
        }
    }

    @Test("kill -9 of postern-auth in the middle of an exchange: 454 4.7.0, and the next one works in the same session")
    func killedAuth() async throws {
        try await withSubmission { server in
            let said = try await play(server) { pause in
                """
                @s \(server.securePort)
                TLS
                S: 220
                C: EHLO c.test
                S: 250
                C: AUTH LOGIN
                S: 334
                C: YW5uYQ==
                S: 334
                \(pause)
                C: cGVuY2ls
                S: 454 4.7.0
                C: NOOP
                S: 250
                """
            } meanwhile: {
                try await restarted("postern-auth", of: server)
            }
            #expect(said.isEmpty, "\(said)")
            try await logsInAgain(at: server)

            // The same session goes on to log in.
            let same = try await play(server) { pause in
                """
                @s \(server.securePort)
                TLS
                S: 220
                C: EHLO c.test
                S: 250
                C: AUTH SCRAM-SHA-256
                S: 334
                \(pause)
                C: biwsbj1hbm5hLHI9YWJj
                S: 454 4.7.0
                AUTH SCRAM-SHA-256 anna \(SubmissionUnderTest.password)
                S: 235
                """
            } meanwhile: {
                try await restarted("postern-auth", of: server)
                try await logsInAgain(at: server)
            }
            #expect(same.isEmpty, "\(same)")
        }
    }

    @Test("after a restart of the core a session that was logged in gets 421 4.7.0, and a new one logs in")
    func killedCore() async throws {
        try await withSubmission { server in
            let said = try await play(server) { pause in
                """
                \(Self.loggedIn("s", at: server))
                \(pause)
                C: MAIL FROM:<anna@local.test>
                S: 250
                C: RCPT TO:<bert@local.test>
                S: 421 4.7.0
                END
                """
            } meanwhile: {
                try await restarted("postern-core", of: server)
                try await logsInAgain(at: server)
            }
            #expect(said.isEmpty, "\(said)")
        }
    }

    @Test("a reload in the middle of an exchange, and of a session, is not noticed; a password that changes ends the session's rights")
    func reload() async throws {
        try await withSubmission { server in
            let said = try await play(server) { pause in
                """
                @exchange \(server.securePort)
                TLS
                S: 220
                C: EHLO c.test
                S: 250
                C: AUTH LOGIN
                S: 334
                C: YW5uYQ==
                S: 334
                \(Self.loggedIn("s", at: server))
                \(pause)
                \(SubmissionUnderTest.transaction(from: "anna@local.test", to: "bert@local.test"))
                @exchange
                C: cGVuY2lsIGFuZCBwYXBlcg==
                S: 235
                """
            } meanwhile: {
                var settings = SubmissionUnderTest.Settings()
                settings.rest = "maximum_hops: 29"
                try server.write(settings)
                #expect(try await server.postern.postern(["reload"]).status == 0)
                try await logsInAgain(at: server)
            }
            #expect(said.isEmpty, "\(said)\n\(server.postern.logText.suffix(3000))")

            let changed = try await play(server) { pause in
                """
                \(Self.loggedIn("s", at: server))
                \(pause)
                C: MAIL FROM:<anna@local.test>
                S: 250
                C: RCPT TO:<bert@local.test>
                S: 421 4.7.0
                END
                """
            } meanwhile: {
                let result = try await server.postern.postern(
                    ["user", "passwd", "anna@local.test", "--password-stdin"], input: "another\n")
                #expect(result.status == 0, "\(result.errors)")
            }
            #expect(changed.isEmpty, "\(changed)")
        }
    }
}
