import Foundation
import Testing

/// `topology/single-host/fail2ban`: fail2ban's own program reads lines that the real daemon wrote.
@Suite("fail2ban reads the lines of failed logins")
struct FailedLoginLinesTests {
    @Test("guesses count for the address they came from, over IPv4 and IPv6, and nothing else counts", arguments: ["json", "text"])
    func guesses(format: String) async throws {
        let port = try FreePort.take()
        let postern = try PosternUnderTest(
            rest: """
                  clients:
                    role: submission
                    listen: ["127.0.0.1:\(port)", "[::1]:\(port)"]
                    tls: { mode: none }
                    authentication: { basic: { mechanisms: [PLAIN], require_tls: false } }
                    relay: { accounts: all }
                identity: { failures: { delay: 0s, maximum_delay: 0s } }
                logs: { format: \(format) }
                \(PosternUnderTest.localDomain)
                """)
        try await postern.start()
        _ = try await eventually("the submission server listens") { FreePort.isTaken(port) ? true : nil }
        _ = try await eventually("people can log in") { postern.logText.contains("auth is ready") ? true : nil }
        let added = try await postern.postern(["user", "add", "alice@local.test", "--password-stdin"], input: "right")
        #expect(added.status == 0, "\(added.errors)")

        // Guesses: a wrong password, somebody who does not exist, and a login name that would like to be another address.
        let guesses = [
            "alice@local.test:wrong", "nobody@local.test:wrong", #"x","client":"192.0.2.66","failures":"9:wrong"#,
            "x client=192.0.2.66 failures=9 :wrong",
        ]
        for host in ["127.0.0.1", "[::1]"] {
            for login in guesses { try #expect(await logIn(login, at: "\(host):\(port)") == 67, "\(login) is denied") }
            try #expect(await logIn("alice@local.test:right", at: "\(host):\(port)") == 0)
        }
        await postern.stop()

        let filter = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("topology/single-host/fail2ban/filter.d/postern-auth.conf").path
        let log = postern.folder.file("log").path
        let found = try await Program.run("fail2ban-regex", ["-o", "<time> <ip>", log, filter])
        #expect(found.status == 0, "\(found.errors)")
        let matches = found.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(
            matches.map(\.last) == Array(repeating: "127.0.0.1", count: guesses.count) + Array(repeating: "::1", count: guesses.count),
            "\(postern.logText)")
        // The time is that of the line, not of the reading: within the run of this test, whatever the zone of the machine.
        for match in matches {
            let time = try #require(match.first.flatMap(Double.init))
            #expect(abs(time - Date.now.timeIntervalSince1970) < 600)
        }
    }

    @Test("a line that the journal gives, with host and program in front, is found as well")
    func journal() async throws {
        let filter = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("topology/single-host/fail2ban/filter.d/postern-auth.conf").path
        let line =
            #"mx postern-auth[812]: {"time":"2026-11-25T00:43:12.865Z","level":"notice","process":"auth","message":"login failed","#
            + #""client":"2001:db8::17","failures":"2","login":"","mechanism":"PLAIN"}"#
        let found = try await Program.run("fail2ban-regex", ["-o", "<ip>", line, filter])
        #expect(found.text == "2001:db8::17\n", "\(found.errors)")
    }

    @Test("the core's line of an exchange under which postern-auth died is found, as JSON and as text, and one that only waited is not")
    func died() async throws {
        let filter = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("topology/single-host/fail2ban/filter.d/postern-auth.conf").path
        let json = #"{"time":"2026-11-25T00:43:12.865Z","level":"notice","process":"core","message":"login failed","client":"192.0.2.7","#
        let text = "2026-11-25T00:43:12.865Z notice  core: login failed client=192.0.2.8 failures=3 login= mechanism=GSSAPI"
        for (line, address) in [
            (json + #""failures":"1","login":"","mechanism":"GSSAPI"}"#, "192.0.2.7\n"), (text, "192.0.2.8\n"),
            (json + #""login":"","mechanism":"GSSAPI"}"#, ""),
        ] {
            let found = try await Program.run("fail2ban-regex", ["-o", "<ip>", line, filter])
            #expect(found.text == address, "\(found.errors)")
        }
    }

    /// curl's exit status; 67 where the login is denied.
    private func logIn(_ login: String, at host: String) async throws -> Int32 {
        try await Program.run(
            "curl",
            [
                "--disable", "-sS", "--max-time", "60", "smtp://\(host)/test", "--user", login, "--mail-from", "alice@local.test",
                "--mail-rcpt", "alice@local.test", "-T", "-",
            ], input: Data("Subject: x\r\n\r\nx\r\n".utf8)
        ).status
    }
}
