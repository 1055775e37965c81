import Foundation
import Testing

/// The mechanisms that need the password itself: offered where recoverable secrets are configured, and right for accounts that have one.
@Suite("CRAM-MD5, SCRAM-SHA-1 and NTLM at the submission server")
struct RecoverableMechanismTests {
    @Test("msmtp, curl and swaks log in where the account has a recoverable password, and nobody else does")
    func programs() async throws {
        let settings = SubmissionUnderTest.Settings(
            authentication: "{ challenge: { mechanisms: [CRAM-MD5, SCRAM-SHA-1] }, integrated: { mechanisms: [NTLM] } }",
            rest: "identity: { recoverable_secrets: { key: secrets.key }, failures: { delay: 0s, maximum_delay: 0s } }")
        let server = try await SubmissionUnderTest(settings)
        let key = try await server.postern.postern(["credential", "key"])
        #expect(key.status == 0, "\(key.errors)")
        do {
            try await server.start()
            let kept = try await server.postern.postern(
                ["user", "passwd", "anna", "--recoverable", "--password-stdin"], input: SubmissionUnderTest.password + "\n")
            #expect(kept.status == 0, "\(kept.errors)")
            // bert has the same password, and no recoverable one.
            for (user, isRight) in [("anna", true), ("bert", false)] {
                for (program, arguments) in Self.programs(server, user: user) {
                    let result = try await Program.run(program, arguments, input: Data("Subject: x\r\n\r\nx\r\n".utf8))
                    #expect((result.status == 0) == isRight, "\(user): \(program) \(arguments)\n\(result.text)\n\(result.errors)")
                }
            }
            _ = try await server.postern.wait(for: Self.programs(server, user: "anna").count, messagesFor: "bert")
        } catch {
            await server.stop()
            throw Program.Failed(description: "\(error)\nthe log:\n\(server.postern.logText.suffix(6000))")
        }
        await server.stop()
    }

    private static func programs(_ server: SubmissionUnderTest, user: String) -> [(String, [String])] {
        let msmtp = ["cram-md5", "scram-sha-1", "ntlm"].map { mechanism in
            (
                "msmtp",
                [
                    "--file=/dev/null", "--host=127.0.0.1", "--port=\(server.securePort)", "--tls=on", "--tls-starttls=off",
                    "--tls-trust-file=\(server.certificate)", "--tls-host-override=mx.postern.test", "--auth=\(mechanism)",
                    "--user=\(user)", "--passwordeval=echo '\(SubmissionUnderTest.password)'", "--from=\(user)@local.test", "--",
                    "bert@local.test",
                ]
            )
        }
        let curl = ["CRAM-MD5", "NTLM"].map { mechanism in
            (
                "curl",
                [
                    "-sS", "-k", "--url", "smtps://127.0.0.1:\(server.securePort)", "--login-options", "AUTH=\(mechanism)", "--user",
                    "\(user):\(SubmissionUnderTest.password)", "--mail-from", "\(user)@local.test", "--mail-rcpt", "bert@local.test",
                    "--upload-file", "-",
                ]
            )
        }
        let swaks = ["CRAM-MD5", "NTLM"].map { mechanism in
            (
                "swaks",
                [
                    "--server", "127.0.0.1:\(server.port)", "--tls", "--auth", mechanism, "--auth-user", user, "--auth-password",
                    SubmissionUnderTest.password, "--from", "\(user)@local.test", "--to", "bert@local.test",
                ]
            )
        }
        return msmtp + curl + swaks
    }
}
