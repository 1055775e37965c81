import Foundation
import Testing

/// S10 end to end: a real KDC, `kinit`, and a client that was not told any password.
@Suite("Kerberos at the submission server")
struct KerberosTests {
    @Test(
        "curl logs in with a ticket; a ticket of somebody without an account is refused; within the sandbox as without it",
        arguments: [[], ["--sandbox"]])
    func tickets(options: [String]) async throws {
        let kdc = try await KDCUnderTest(
            host: "mx.postern.test", people: ["anna", "stranger"], password: SubmissionUnderTest.password)
        try kdc.start()
        let settings = SubmissionUnderTest.Settings(
            authentication: "{ basic: { mechanisms: [PLAIN] }, integrated: { mechanisms: [GSSAPI], keytab: \(kdc.keytab) } }")
        try await withSubmission(settings, environment: kdc.environment, options: options) { server in
            let message = Data("From: anna@local.test\r\nTo: bert@local.test\r\nSubject: by ticket\r\n\r\nhello\r\n".utf8)
            func curl(_ name: String) async throws -> Program.Result {
                try await Program.run(
                    "curl",
                    [
                        "-sS", "-v", "--url", "smtps://mx.postern.test:\(server.securePort)", "--resolve",
                        "mx.postern.test:\(server.securePort):127.0.0.1", "--cacert", server.certificate, "--login-options", "AUTH=GSSAPI",
                        "--user", ":", "--mail-from", "anna@local.test", "--mail-rcpt", "bert@local.test", "--upload-file", "-",
                    ], input: message, environment: kdc.ticket(of: name, password: SubmissionUnderTest.password))
            }
            let right = try await curl("anna")
            #expect(right.status == 0, "\(right.errors)")
            let messages = try await server.postern.wait(for: 1, messagesFor: "bert")
            #expect(String(decoding: messages[0], as: UTF8.self).contains("Subject: by ticket"))
            let wrong = try await curl("stranger")
            #expect(wrong.status != 0 && wrong.errors.contains("535 5.7.8"), "\(wrong.errors)")
        }
        kdc.stop()
    }
}
