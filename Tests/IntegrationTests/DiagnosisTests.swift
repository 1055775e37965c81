import Foundation
import Testing

/// `postern dns` and `postern probe` (S31, S32) against a name server and mail servers that are not ours.
@Suite("Where does mail for this domain end?")
struct DiagnosisTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func configuration(dns: Int, connectors: String = "") throws -> String {
        try folder.write(
            "postern.yaml",
            """
            version: 1
            hostname: mx.postern.test
            default_domain: local.test
            state_directory: state
            runtime_directory: run
            resolver: { servers: ["127.0.0.1:\(dns)"] }
            domains: { local.test: authoritative }
            virtual_servers:
              internet: { role: edge, listen: ["127.0.0.1:2525"] }
            connectors:
              mailboxes: { address_spaces: [{ domain: local.test }], deliver: { maildir: "mail/{user}" } }
            \(connectors)
            """)
    }

    private func postern(_ arguments: [String], _ configuration: String) async throws -> Program.Result {
        try await Program.run(PosternUnderTest.postern, arguments + ["--config", configuration])
    }

    @Test("dns: records of each kind as zone files have them; none, no name and no answer are told apart, with their exit status")
    func records() async throws {
        let dns = try await DNSUnderTest([
            "good.test. MX 10 mail.good.test.", "good.test. NS ns.good.test.", "good.test. TXT \"v=spf1 mx -all\"",
            "mail.good.test. A 192.0.2.7",
            "mail.good.test. AAAA 2001:db8::7", "_25._tcp.mail.good.test. TLSA 3 1 1 0a0b", "7.2.0.192.in-addr.arpa. PTR mail.good.test.",
            "none.test. MX 0 .",
        ])
        let file = try configuration(dns: dns.port)
        for (question, line) in [
            ("mx good.test", "10 mail.good.test"), ("ns good.test", "ns.good.test"), ("txt good.test", "\"v=spf1 mx -all\""),
            ("a mail.good.test", "192.0.2.7"), ("aaaa mail.good.test", "2001:db8::7"), ("tlsa mail.good.test", "3 1 1 0a0b"),
            ("tlsa mail.good.test:25", "3 1 1 0a0b"), ("ptr 192.0.2.7", "mail.good.test"), ("mx none.test", "0 ."),
        ] {
            let result = try await postern(["dns"] + question.split(separator: " ").map(String.init), file)
            #expect(result.status == 0, "\(question): \(result)")
            #expect(result.text.hasSuffix(": 1 record, not validated\n    \(line)\n"), "\(question): \(result.text)")
        }
        let none = try await postern(["dns", "txt", "mail.good.test"], file)
        #expect(none.status == 1 && none.text.contains("no such record, though the name exists"), "\(none)")
        let absent = try await postern(["dns", "mx", "absent.test", "--json"], file)
        let object = try JSONSerialization.jsonObject(with: absent.output) as? [String: Any]
        #expect(absent.status == 1 && object?["outcome"] as? String == "no_such_name" && object?["security"] as? String == "not validated")
        dns.stop()
        let silent = try await postern(["dns", "mx", "good.test"], try configuration(dns: try FreePort.take()))
        #expect(silent.status == 75, "\(silent)")
        #expect(try await postern(["dns", "ptr", "good.test"], file).status == 64)
        #expect(try await postern(["dns", "mx", "a b"], file).status == 64)
    }

    @Test(
        "probe: takes, refuses for good, asks to come again, is closed, is no mail server, takes no mail at all: each with its sentence and status"
    )
    func verdicts() async throws {
        let (good, port) = (try SinkUnderTest(), try FreePort.take())
        try await good.start()
        let fakes = try await FakeServers([
            .init(name: "picky", listen: "127.0.0.3:\(good.port)"), .init(name: "broken", listen: "127.0.0.4:\(good.port)", startTLS: true),
        ])
        let dns = try await DNSUnderTest([
            "good.test. MX 10 mail.good.test.", "mail.good.test. A 127.0.0.1", "picky.test. MX 10 mail.picky.test.",
            "mail.picky.test. A 127.0.0.3", "closed.test. MX 10 mail.closed.test.", "mail.closed.test. A 127.0.0.9",
            "second.test. MX 10 mail.closed.test.", "second.test. MX 20 mail.good.test.", "none.test. MX 0 .",
            "ours.test. MX 10 mx.postern.test.", "broken.test. MX 10 mail.broken.test.", "mail.broken.test. A 127.0.0.4",
        ])
        let file = try configuration(
            dns: dns.port,
            connectors:
                "  partner: { address_spaces: [{ domain: partner.test }], deliver: { smart_hosts: [\"[127.0.0.1]:\(good.port)\"] } }")
        func probe(_ domain: String, to: String? = "somebody", port: Int) async throws -> Program.Result {
            let recipient = to.map { ["--from", "a@postern.test", "--to", "\($0)@\(domain)"] } ?? []
            return try await postern(["probe", domain, "--port", "\(port)"] + recipient, file)
        }
        for (domain, to, status, verdict) in [
            ("good.test", "somebody", 0, "mail.good.test (127.0.0.1) takes mail for somebody@good.test. Nothing was"),
            ("good.test", nil, 0, "mail.good.test (127.0.0.1) answers as it should."),
            ("picky.test", "bad", 1, "mail.picky.test answered to RCPT 550"), ("picky.test", "tmp", 75, "it asks to come again later"),
            ("closed.test", "somebody", 75, "could not be reached at port"), ("second.test", "somebody", 0, "takes mail for"),
            ("none.test", "somebody", 1, "null MX record that it takes no mail"),
            ("absent.test", "somebody", 1, "There is no domain absent.test."),
            ("ours.test", "somebody", 1, "are ourselves (mx.postern.test)"),
            ("broken.test", "somebody", 75, "was reached, and STARTTLS came to nothing"),
        ] as [(String, String?, Int32, String)] {
            let result = try await probe(domain, to: to, port: good.port)
            #expect(result.status == status, "\(domain): \(result)")
            let words = result.text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
            #expect(words.contains(verdict), "\(domain): \(result.text)")
            #expect(result.text.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(result.text)")
        }
        let partner = try await probe("partner.test", port: 25)
        #expect(partner.status == 0 && partner.text.hasPrefix("connector partner carries partner.test to smart hosts"), "\(partner)")
        #expect(try await postern(["probe", "partner.test", "--direct"], file).status == 1)
        let silent = try await probe("good.test", port: port)
        #expect(silent.status == 75, "\(silent)")
        // Nothing was sent.
        #expect(try good.count() == 0 && (try fakes.messages(at: "picky")).isEmpty)
        let json = try await postern(["probe", "good.test", "--port", "\(good.port)", "--json"], file)
        let object = try JSONSerialization.jsonObject(with: json.output) as? [String: Any]
        #expect(object?["deliverable"] as? Bool == true && (object?["stages"] as? [[String: Any]])?.isEmpty == false)
        good.stop()
    }

    @Test("dns records: what a zone needs for this configuration, with the digest of the key that OpenSSL's program finds, too")
    func neededRecords() async throws {
        try await Certificate.selfSigned(in: folder, name: "mail")
        let file = try folder.write(
            "postern.yaml",
            """
            version: 1
            hostname: mx.postern.test
            default_domain: local.test
            state_directory: state
            runtime_directory: run
            certificates: { default: { certificate: mail.pem, key: mail.key } }
            domains: { local.test: authoritative }
            virtual_servers:
              internet: { role: edge, listen: ["127.0.0.1:2525"], tls: { mode: offered } }
            connectors:
              mailboxes: { address_spaces: [{ domain: local.test }], deliver: { maildir: "mail/{user}" } }
            """)
        let digest = try await Program.succeed(
            "sh",
            [
                "-c", "openssl x509 -in \"$0\" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1",
                folder.file("mail.pem").path,
            ]
        ).text.trimmingCharacters(in: .whitespacesAndNewlines)
        let result = try await postern(["dns", "records", "--address", "192.0.2.7", "--address", "2001:db8::7"], file)
        #expect(result.status == 0, "\(result)")
        let lines = Set(result.text.split(separator: "\n").map(String.init))
        for line in [
            "mx.postern.test. A 192.0.2.7", "mx.postern.test. AAAA 2001:db8::7", "7.2.0.192.in-addr.arpa. PTR mx.postern.test.",
            "_25._tcp.mx.postern.test. TLSA 3 1 1 \(digest)    ; only where the zone is signed (DNSSEC)",
            "local.test. MX 10 mx.postern.test.",
            "local.test. TXT \"v=spf1 mx -all\"", "_submission._tcp.local.test. SRV 0 0 0 .",
        ] { #expect(lines.contains(line), "\(line) in\n\(result.text)") }
        #expect(try await postern(["dns", "records", "--address", "here"], file).status == 64)
    }

    @Test("probe shows an expired certificate and goes on; a host that says nothing is given up in time")
    func certificates() async throws {
        let server = try await SubmissionUnderTest(.init(authentication: "{ anonymous: true, basic: { mechanisms: [PLAIN] } }"))
        try await Certificate.selfSigned(in: server.postern.folder, name: "mail", expired: true)
        try await server.start()
        let dns = try await DNSUnderTest(["old.test. MX 10 mx.postern.test.", "mx.postern.test. A 127.0.0.1"])
        let file = try configuration(dns: dns.port)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try Data(text.replacing("hostname: mx.postern.test", with: "hostname: other.postern.test").utf8).write(
            to: URL(fileURLWithPath: file))
        let old = try await postern(["probe", "old.test", "--port", "\(server.port)"], file)
        #expect(old.status == 0 && old.text.contains("expired ") && old.text.contains("not verified: "), "\(old)")
        #expect(old.text.contains("TLSv1.3"), "\(old)")
        await server.stop()

        let port = try FreePort.take()
        let silent = try ChildProcess(
            Program.find("python3"), ["-c", "import socket,time; s=socket.create_server(('127.0.0.1',\(port))); time.sleep(60)"])
        defer { silent.signal(SIGKILL) }
        _ = try await eventually("it listens") { FreePort.isTaken(port) ? true : nil }
        let waited = try await postern(["probe", "old.test", "--port", "\(port)", "--timeout", "1"], file)
        #expect(waited.status == 75 && waited.text.contains("no answer within 1 s"), "\(waited)")
    }
}
