import Foundation
import Testing

/// What scanners that were not written for us find.
@Suite("Scanners find nothing")
struct ScannerTests {
    private static let strangers = "{ anonymous: true, basic: { mechanisms: [PLAIN], require_tls: false } }"

    @Test("nmap's smtp-open-relay finds neither edge nor submission server relaying, even where strangers may write to us")
    func openRelay() async throws {
        let settings = SubmissionUnderTest.Settings(
            tls: "{ mode: offered }", authentication: Self.strangers, relay: "{ accounts: none }",
            server: "limits: { messages_per_connection: none }")
        try await withSubmission(settings) { server in
            for port in [server.postern.port, server.port] {
                let found = try await Self.openRelay(port)
                #expect(
                    found.text.contains("doesn't seem to be an open relay") || found.text.contains("authentication needed"), "\(found.text)"
                )
            }
            #expect(try server.world.count() == 0)
            #expect(try await server.postern.queue().isEmpty)
        }
    }

    private static func openRelay(_ port: Int) async throws -> Program.Result {
        let found = try await Program.run(
            "nmap",
            [
                "-Pn", "-n", "--unprivileged", "-sT", "-sV", "--version-light", "-p", "\(port)", "--script", "+smtp-open-relay",
                "--script-args", "smtp-open-relay.domain=far.test,smtp-open-relay.ip=127.0.0.1", "127.0.0.1",
            ])
        #expect(found.text.contains("smtp-open-relay"), "\(found.text)\n\(found.errors)")
        return found
    }

    @Test("from a computer that may relay, the same script finds that it may at the submission server, and that it may not at the edge")
    func openRelayFromInside() async throws {
        let settings = SubmissionUnderTest.Settings(
            tls: "{ mode: offered }", authentication: Self.strangers,
            relay: #"{ accounts: none, computers: { only: ["127.0.0.1"] } }"#, server: "limits: { messages_per_connection: none }")
        try await withSubmission(settings) { server in
            // The script can neither log in nor say where it comes from; that it finds this one says that it would find the others.
            let (submission, edge) = (try await Self.openRelay(server.port), try await Self.openRelay(server.postern.port))
            #expect(submission.text.contains("Server is an open relay"), "\(submission.text)")
            #expect(edge.text.contains("doesn't seem to be an open relay"), "\(edge.text)")
        }
    }

    @Test("the tricks of relay testers are refused to strangers, and to somebody logged in who may not relay", arguments: [false, true])
    func tricks(isLoggedIn: Bool) async throws {
        let settings = SubmissionUnderTest.Settings(
            tls: "{ mode: offered }", authentication: Self.strangers, relay: "{ accounts: none }",
            server: "limits: { messages_per_connection: none }")
        try await withSubmission(settings) { server in
            let tricks = [
                "<x@far.test>", "<x%far.test@local.test>", "<x%far.test@[127.0.0.1]>", "<\\\"x@far.test\\\">",
                "<\\\"x%far.test\\\"@local.test>", "<@local.test:x@far.test>", "<@mx.postern.test:x@far.test>", "<@[127.0.0.1]:x@far.test>",
                "<far.test!x@local.test>", "<far.test!x>", "<x@far.test@local.test>", "<x@local.test@far.test>", "<x@[127.0.0.1]>",
                "<x@far.test,anna@local.test>", "x@far.test", "<x@far.test.>", "<X@FAR.TEST>",
            ]
            for (port, name) in [(server.postern.port, "edge"), (server.port, "submission")] where !isLoggedIn || name == "submission" {
                // Each in a connection of its own: a session ends after some refusals.
                let said = try await server.play(
                    tricks.enumerated().map { index, trick in
                        let login = isLoggedIn ? "AUTH PLAIN anna \(SubmissionUnderTest.password)\nS: 235" : ""
                        return """
                            @\(index) \(port)
                            S: 220
                            C: EHLO far.test
                            S: 250
                            \(login)
                            C: MAIL FROM:<\(isLoggedIn ? "anna@local.test" : "spam@far.test")>
                            S: 250
                            C: RCPT TO:\(trick)
                            S: 5
                            C: DATA
                            S: 5
                            """
                    }.joined(separator: "\n"))
                #expect(said.isEmpty, "\(name): \(said)")
            }
            #expect(try await server.postern.queue().isEmpty)
        }
    }

    @Test("sslscan finds no old protocol, no weak cipher, no renegotiation", arguments: [false, true])
    func sslscan(startTLS: Bool) async throws {
        try await withSubmission { server in
            let arguments = startTLS ? ["--starttls-smtp", "127.0.0.1:\(server.port)"] : ["127.0.0.1:\(server.securePort)"]
            let scan = try await Program.run("sslscan", ["--no-colour", "--show-certificate"] + arguments)
            let lines = scan.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            func words(_ prefix: String...) -> [String]? {
                lines.first { $0.starts(with: prefix) }.map { Array($0.dropFirst(prefix.count)) }
            }
            for old in ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"] { #expect(words(old) == ["disabled"], "\(scan.text)") }
            for new in ["TLSv1.2", "TLSv1.3"] { #expect(words(new) == ["enabled"], "\(scan.text)") }
            #expect(scan.text.contains("Session renegotiation not supported"), "\(scan.text)")
            #expect(!scan.text.contains("vulnerable to heartbleed") || scan.text.contains("not vulnerable to heartbleed"))
            let ciphers = lines.filter { ["Accepted", "Preferred"].contains($0.first) }
            #expect(ciphers.count > 3, "\(scan.text)")
            for cipher in ciphers {
                // Forward secrecy and authenticated encryption, of at least 128 bits.
                let (bits, name) = (Int(cipher[2]) ?? 0, cipher[4])
                #expect(bits >= 128 && (name.hasPrefix("TLS_") || name.hasPrefix("ECDHE-")), "\(name)")
                #expect(name.contains("GCM") || name.contains("POLY1305") || name.contains("CCM"), "\(name)")
            }
        }
    }

    @Test("nmap's ssl-enum-ciphers grades the weakest cipher A, and finds no compression")
    func enumeration() async throws {
        try await withSubmission { server in
            let scan = try await Program.run(
                "nmap",
                ["-Pn", "-n", "--unprivileged", "-sT", "-p", "\(server.securePort)", "--script", "+ssl-enum-ciphers", "127.0.0.1"])
            #expect(scan.text.contains("least strength: A"), "\(scan.text)\n\(scan.errors)")
            #expect(scan.text.contains("compressors:") && !scan.text.contains("DEFLATE") && !scan.text.contains("LZS"), "\(scan.text)")
        }
    }
}
