import Foundation
import Testing

/// What a front end refuses by its virtual server alone, before the core is asked: its reply carries a code too, and the core knows it.
@Suite("Refusals of a front end lead to their rule")
struct FrontEndRefusalTests {
    private struct Case {
        let name: String
        /// From 127.0.0.1 to the connection in clear, unless it names another.
        let script: String
        /// The reply that refuses, as it begins.
        let reply: String
        let rule: String
        let path: String
        /// What the file says in the line that is told; nil where it says nothing.
        var line: String?
        /// The envelope that is told; nil: none.
        var envelope: String?
    }

    /// - Parameter lax: the port of a server that wants TLS for passwords only.
    private func cases(_ server: SubmissionUnderTest, lax: Int) -> [Case] {
        let greeting = "S: 220\nC: EHLO client.test\nS: 250\n"
        let secured = "@\(UUID()) \(server.securePort)\nTLS\n\(greeting)"
        return [
            Case(
                name: "access", script: "@denied \(server.port) 127.0.0.9", reply: "554 5.7.1 Access denied", rule: "S16",
                path: "clients.connections.access", line: "connections: { access: { all_except: [127.0.0.9] } }"),
            Case(
                name: "in clear", script: greeting + "C: MAIL FROM:<a@far.test>", reply: "530 5.7.0 Must issue a STARTTLS", rule: "S13",
                path: "clients.tls.mode", line: "tls: { mode: required, minimum_bits: 256 }"),
            Case(
                name: "a weak cipher",
                script: "@weak \(server.securePort)\nTLS mx.postern.test 1.2 ECDHE-ECDSA-AES128-GCM-SHA256\n\(greeting)"
                    + "C: MAIL FROM:<a@far.test>",
                reply: "530 5.7.0 This server needs an encryption of at least 256 bits", rule: "S14", path: "clients.tls.minimum_bits",
                line: "tls: { mode: required, minimum_bits: 256 }"),
            Case(
                name: "no login", script: secured + "C: MAIL FROM:<anna@local.test>", reply: "530 5.7.0 Authentication required", rule: "0",
                path: "clients.authentication.anonymous", line: "authentication:", envelope: "from <anna@local.test>"),
            Case(
                name: "a large message",
                script: secured + "AUTH PLAIN anna \(SubmissionUnderTest.password)\nS: 235\nC: MAIL FROM:<anna@local.test> SIZE=2000000",
                reply: "552 5.3.4 Message of", rule: "E01", path: "clients.limits.message_size",
                line: "limits: { message_size: 1MiB }", envelope: "from <anna@local.test>"),
            Case(
                name: "another's address",
                script: secured + "AUTH PLAIN anna \(SubmissionUnderTest.password)\nS: 235\nC: MAIL FROM:<ceo@far.test>\nS: 250\n"
                    + "C: RCPT TO:<bert@local.test>",
                reply: "550 5.7.1 You may not send as ceo@far.test", rule: "0", path: "permissions.send_as", line: "clients:",
                envelope: "from <ceo@far.test>"),
            Case(
                name: "a password in clear", script: "@lax \(lax)\n\(greeting)C: AUTH PLAIN AGFubmEAcGVuY2ls",
                reply: "538 5.7.11 This mechanism needs encryption", rule: "S12", path: "lax.authentication.basic.require_tls",
                line: "authentication: { basic: {} }"),
            Case(
                name: "a loop",
                script: "@edge \(server.postern.port)\n\(greeting)C: MAIL FROM:<a@far.test>\nS: 250\nC: RCPT TO:<anna@local.test>\nS: 250\n"
                    + "C: DATA\nS: 354\nR: " + String(repeating: #"Received: x\r\n"#, count: 100) + #"\r\nx\r\n.\r\n"#,
                reply: "554 5.4.6 Too many hops", rule: "E10", path: "maximum_hops", envelope: "from <a@far.test>"),
        ]
    }

    @Test("each has a code; explain refusal has its rule, file and line, its count and its facts")
    func codes() async throws {
        let lax = try FreePort.take()
        let settings = SubmissionUnderTest.Settings(
            tls: "{ mode: required, minimum_bits: 256 }",
            server: "connections: { access: { all_except: [127.0.0.9] } }\nlimits: { message_size: 1MiB }",
            otherServers: """
                lax:
                  role: submission
                  listen: ["127.0.0.1:\(lax)"]
                  tls: { mode: offered }
                  authentication: { basic: {} }
                """)
        try await withSubmission(settings) { server in
            let file = try String(contentsOfFile: server.postern.configuration, encoding: .utf8).components(separatedBy: "\n")
            var codes: [String: Substring] = [:]
            for one in cases(server, lax: lax) {
                // The reply is another than the one that is waited for, so it is shown.
                let said = try await server.play(one.script + "\nS: \(one.reply) [none]")
                let code = try #require(said.firstMatch(of: /\[(R-[0-9a-z]{5}-[0-9a-z]{2})\]/)?.1, "\(one.name): \(said)")
                #expect(said.contains(one.reply), "\(one.name): \(said)")
                codes[one.name] = code
                let told = try await eventually("the core knows of: \(one.name)") {
                    let told = try await server.postern.postern(["explain", "refusal", String(code)])
                    return told.status == 0 && told.text.contains("refused once since ") ? told.text : nil
                }
                let place = try #require(told.firstMatch(of: /rule (\S+)(?:  .*postern\.yaml:(\d+))?\n    (\S+)\n/), "\(one.name): \(told)")
                #expect(place.1 == one.rule && place.3.hasSuffix(one.path), "\(told)")
                let line = place.2.flatMap { Int($0) }
                #expect((line == nil) == (one.line == nil), "\(told)")
                if let line, let wanted = one.line { #expect(file[line - 1].contains(wanted), "\(one.name): line \(line) of\n\(file)") }
                #expect(told.firstMatch(of: /via (clients|lax|internet), client 127\.0\.0\.[19][,\n]/) != nil, "\(told)")
                #expect(told.contains("    \(one.reply)"), "\(told)")
                if let envelope = one.envelope { #expect(told.contains("    \(envelope)"), "\(told)") }
                #expect(!told.contains(" to <"), "\(told)")
            }
            // Whoever asks before hears of the same rules, beside the decision that is never asked for.
            let route = try await server.postern.postern([
                "explain", "route", "--via", "clients", "--client", "127.0.0.9", "--as", "anna", "--from", "anna", "--to", "bert", "--size",
                "2MiB",
            ])
            #expect(
                route.status == 0 && route.text.hasPrefix("refused by the front end: `clients` lets nobody connect from 127.0.0.9")
                    && route.text.contains("\nWere it to come to the decision:\naccepted: connector mailboxes"), "\(route)")
            for name in ["access", "a large message"] {
                let code = try #require(codes[name])
                #expect(
                    route.text.contains("[\(code)]"),
                    "\(name): \(route.text)")
            }
        }
    }
}
