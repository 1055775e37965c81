import Foundation
import Testing

/// What a client is offered follows from what can work at that moment, and not from the configuration alone.
@Suite("Kind: nothing is offered that cannot work")
struct OfferedMechanismTests {
    private func listed(at server: SubmissionUnderTest, _ text: String, _ isThere: Bool) async throws -> Bool {
        try await server.play(
            """
            @s \(server.port)
            S: 220
            C: EHLO c.test
            S: 250
            HAS AUTH
            \(isThere ? "HAS" : "LACKS") \(text)
            C: QUIT
            S: 221
            """
        ).isEmpty
    }

    @Test(
        "GSSAPI without a key for this host: EHLO does not list it, AUTH is 504, status and health say why; with the key it is back at a reload"
    )
    func keytab() async throws {
        let kdc = try await KDCUnderTest(host: "mx.postern.test", people: ["anna"], password: SubmissionUnderTest.password)
        try kdc.start()
        defer { kdc.stop() }
        let folder = try TemporaryFolder()
        let keytab = folder.file("krb5.keytab")
        // The header of a keytab, and no key.
        try Data([5, 2]).write(to: keytab)
        let settings = SubmissionUnderTest.Settings(
            tls: "{ mode: offered }",
            authentication: """
                { challenge: { mechanisms: [SCRAM-SHA-256] }, integrated: { mechanisms: [GSSAPI], keytab: "\(keytab.path)" } }
                """)
        try await withSubmission(settings, environment: kdc.environment) { server in
            _ = try await eventually("GSSAPI is not listed: \(server.postern.logText.suffix(3000))") {
                try await listed(at: server, "GSSAPI", false) ? true : nil
            }
            #expect(try await listed(at: server, "SCRAM-SHA-256", true))
            let said = try await server.play(
                """
                @s \(server.port)
                S: 220
                C: EHLO c.test
                S: 250
                C: AUTH GSSAPI
                S: 504 5.5.4
                AUTH SCRAM-SHA-256 anna@local.test \(SubmissionUnderTest.password)
                S: 235
                """)
            #expect(said.isEmpty, "\(said)")
            let why = "GSSAPI: keytab \(keytab.path) has no key of smtp/mx.postern.test"
            #expect(try await server.postern.postern(["status"]).text.contains("switched off    mechanism \(why)"))
            let health = try await server.postern.postern(["health", "core"])
            #expect(health.status == 0 && health.errors.contains("nobody can log in with mechanism \(why)"), "\(health.errors)")
            // Each process that acts by it names it.
            for line in ["nobody can log in with a mechanism", "mechanism is not offered"] {
                #expect(server.postern.logText.contains(line), "\(line)")
            }
            // The administrator mends it. The configuration stays the same.
            try Data(contentsOf: URL(fileURLWithPath: kdc.keytab)).write(to: keytab)
            #expect(try await server.postern.postern(["reload"]).status == 0)
            _ = try await eventually("GSSAPI is listed: \(server.postern.logText.suffix(3000))") {
                try await listed(at: server, "GSSAPI", true) ? true : nil
            }
            #expect(try await !server.postern.postern(["status"]).text.contains("switched off"))
        }
    }

    @Test("another list of mechanisms comes to postern-auth with a reload, also where nobody has logged in yet")
    func reload() async throws {
        var settings = SubmissionUnderTest.Settings(
            tls: "{ mode: offered }", authentication: "{ basic: { mechanisms: [PLAIN], require_tls: false } }")
        try await withSubmission(settings) { server in
            settings.authentication = "{ challenge: { mechanisms: [SCRAM-SHA-256] } }"
            try server.write(settings)
            #expect(try await server.postern.postern(["reload"]).status == 0)
            _ = try await eventually("SCRAM logs in: \(server.postern.logText.suffix(3000))") {
                try await server.play(
                    """
                    @s \(server.port)
                    S: 220
                    C: EHLO c.test
                    S: 250
                    LACKS PLAIN
                    AUTH SCRAM-SHA-256 anna@local.test \(SubmissionUnderTest.password)
                    S: 235
                    """
                ).isEmpty ? true : nil
            }
        }
    }
}
