import Foundation
import Testing

/// A Postfix as smart host, with certificates that are right and wrong, and Dovecot for its passwords.
@Suite("Delivery to a smart host with TLS and AUTH", .enabled(if: PostfixUnderTest.canRun, "only root can start a Postfix"))
struct SmartHostTests {
    private typealias Service = PostfixUnderTest.Service
    /// Made with a folder for certificates, and the authority that the connectors believe.
    private typealias Services = (TemporaryFolder, CertificateUnderTest) async throws -> [Service]

    /// - Parameters:
    ///   - connectors: of each the name, by which it carries mail for `NAME.far.test`, the service that it sends to (or `dns`, or
    ///     `dns, first`), and its lines besides `address_spaces` and `deliver`.
    ///   - records: more of the DNS.
    ///   - dnsPort: the service on whose port the hosts of the DNS listen.
    private func with(
        _ services: Services,
        connectors: [(name: String, service: String, lines: String)], records: [String] = [], kerberos: KerberosUnderTest? = nil,
        dnsPort: String? = nil,
        _ body: (PosternUnderTest, PostfixUnderTest) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        // Postfix reads its certificates here.
        chmod(folder.path, 0o755)
        let authority = try await CertificateUnderTest.authority(in: folder)
        let postfix = try await PostfixUnderTest(
            try await services(folder, authority), certificate: try await authority.issue("smart.test", in: folder, "smart"),
            kerberos: kerberos)
        let dns = try await DNSUnderTest(["smart.test. A 127.0.0.1"] + records)
        let postern = try PosternUnderTest()
        try postern.folder.write("password", "\(PostfixUnderTest.password)\nthis is a note\n")
        try postern.folder.write("wrong", "incorrect horse\n")
        for name in ["password", "wrong"] { chmod(postern.folder.file(name).path, 0o600) }
        let text = connectors.map { connector in
            let smartHosts = "smart_hosts: [\"smart.test:\(postfix.ports[connector.service] ?? postfix.ports["first"] ?? 25)\"]"
            let deliver =
                switch connector.service {
                case "dns": "dns"
                case "dns, first": "{ \(smartHosts), direct_first: true }"
                default: "{ \(smartHosts) }"
                }
            return """
                  \(connector.name):
                    address_spaces: [{ domain: \(connector.name).far.test }]
                    deliver: \(deliver)
                    relay: true
                \(connector.lines.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
                """.replacingOccurrences(of: "AUTHORITY", with: authority.path)
        }
        try postern.write(
            edge: "",
            rest: """
                resolver: { servers: ["127.0.0.1:\(dns.port)"] }
                \(PosternUnderTest.localDomain)
                \(text.joined(separator: "\n"))
                outbound:
                  default:
                    retry: { first: 1s, second: 1s, third: 1s, subsequent: 1s }
                \(dnsPort.map { "    connections: { port: \(postfix.ports[$0] ?? 25) }" } ?? "")
                """)
        do {
            try await postern.start(environment: kerberos?.environment ?? [:])
            try await postern.addUser("sender@local.test")
            try await body(postern, postfix)
        } catch {
            Issue.record("the log:\n\(postern.logText.suffix(6000))\nPostfix:\n\(postfix.logText.suffix(4000))")
            await postern.stop()
            await postfix.stop()
            throw error
        }
        await postern.stop()
        await postfix.stop()
        dns.stop()
    }

    private func error(_ postern: PosternUnderTest, for recipient: String, containing words: String) async throws {
        _ = try await eventually("\(recipient) waits because of \"\(words)\"; the log:\n\(postern.logText.suffix(4000))") {
            try await postern.queue().first {
                $0["recipient"] as? String == recipient && ($0["last_error"] as? String)?.contains(words) == true
            }
        }
    }

    /// The log's line of a delivery.
    private func delivered(_ postern: PosternUnderTest, by connector: String) async throws -> [String: Any] {
        try await eventually("the log tells of a delivery by \(connector):\n\(postern.logText.suffix(4000))") {
            for line in postern.logText.split(separator: "\n") {
                guard let fields = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],  // Not every line is JSON.
                    fields["message"] as? String == "handed over", fields["connector"] as? String == connector
                else { continue }
                return fields
            }
            return nil
        }
    }

    @Test("each mechanism logs in over verified TLS; a wrong password makes the message wait with what the server said, until a reload")
    func logins() async throws {
        let mechanisms = ["plain", "login", "scram-sha-256"]
        let login = "tls: { mode: verified, ca: \"AUTHORITY\" }\nauthentication: { user: us, password_file: password }"
        let services: Services = { _, _ in
            (mechanisms + ["any"]).map { name in
                Service(
                    name: name,
                    settings: [
                        "smtpd_sasl_auth_enable": "yes", "smtpd_tls_auth_only": "yes",
                        "smtpd_sasl_mechanism_filter": name == "any" ? "!external, static:rest" : name,
                        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
                    ])
            }
        }
        try await with(
            services,
            connectors: mechanisms.map { ($0, $0, login) } + [
                ("any", "any", login), ("wrong", "any", login.replacingOccurrences(of: "file: password", with: "file: wrong")),
            ]
        ) { postern, postfix in
            for name in mechanisms + ["any"] {
                try await postern.send(from: "sender@local.test", to: "user@\(name).far.test")
                try await postfix.logs("to=<user@\(name).far.test>", "status=sent")
                let mechanism = name == "any" ? "SCRAM-SHA-256" : name.uppercased()
                try await postfix.logs("sasl_method=\(mechanism), sasl_username=us")
                let line = try await delivered(postern, by: name)
                #expect(line["tls"] as? String == "TLSv1.3" && (line["cipher"] as? String)?.hasPrefix("TLS_") == true, "\(line)")
                #expect("\(line["verified"] ?? "")" == "true", "\(line)")
            }
            try await postfix.logs("ehlo=2 starttls=1 auth=1 mail=1")
            try await postern.send(from: "sender@local.test", to: "user@wrong.far.test")
            try await error(postern, for: "user@wrong.far.test", containing: "): the remote host refused the login: 535 5.7.8")
            #expect(postern.logText.contains("\"level\":\"warning\""))
            try postern.folder.write("wrong", PostfixUnderTest.password)
            let reloaded = try await postern.postern(["reload"])
            #expect(reloaded.status == 0, "\(reloaded.errors)")
            try await postern.waitForEmptyQueue(within: 60)
            try await postfix.logs("to=<user@wrong.far.test>", "status=sent")
        }
    }

    @Test("a Kerberos ticket logs in (GSSAPI); without one the message waits, until there is one")
    func ticket() async throws {
        let kerberos = try await KerberosUnderTest(mailServer: "smart.test")
        let cache = kerberos.folder.file("ticket").path
        let services: Services = { _, _ in
            [
                Service(
                    name: "ticket",
                    settings: [
                        "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "cyrus", "smtpd_sasl_path": "smtpd",
                        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
                    ])
            ]
        }
        try await with(
            services,
            connectors: [
                ("ticket", "ticket", "tls: { mode: required }\nauthentication: { credentials_cache: \(cache) }")
            ], kerberos: kerberos
        ) { postern, postfix in
            try await postern.send(from: "sender@local.test", to: "user@ticket.far.test")
            try await error(postern, for: "user@ticket.far.test", containing: "): the login to the remote host was given up: GSSAPI")
            try await kerberos.ticket(in: cache)
            try await postfix.logs("sasl_method=GSSAPI, sasl_username=us")
            try await postfix.logs("to=<user@ticket.far.test>", "status=sent")
            try await postern.waitForEmptyQueue(within: 60)
        }
        kerberos.stop()
    }

    @Test("by DNS, an exchanger whose certificate names somebody else gives way to the next; a password goes to neither")
    func nextExchanger() async throws {
        let services: Services = { folder, authority in
            let second = try await authority.issue("mx2.far.test", in: folder, "second")
            let login = ["smtpd_sasl_auth_enable": "yes"]
            return [
                Service(name: "first", settings: login),
                Service(
                    name: "second", settings: login.merging(["smtpd_tls_chain_files": "\(second.key), \(second.path)"]) { $1 },
                    address: "127.0.0.2"),
            ]
        }
        try await with(
            services,
            connectors: [
                ("verified", "dns", "tls: { mode: verified, ca: \"AUTHORITY\" }"),
                (
                    "direct", "dns, first",
                    "tls: { mode: verified, ca: \"AUTHORITY\" }\nauthentication: { user: us, password_file: password }"
                ),
            ],
            records: ["verified", "direct"].flatMap { ["\($0).far.test. MX 10 mx1.far.test.", "\($0).far.test. MX 20 mx2.far.test."] } + [
                "mx1.far.test. A 127.0.0.1", "mx2.far.test. A 127.0.0.2",
            ],
            dnsPort: "first"
        ) { postern, postfix in
            for name in ["verified", "direct"] {
                try await postern.send(from: "sender@local.test", to: "user@\(name).far.test")
                try await postfix.logs("to=<user@\(name).far.test>", "status=sent")
                let line = try await delivered(postern, by: name)
                #expect((line["host"] as? String)?.hasPrefix("mx2.far.test") == true && "\(line["verified"] ?? "")" == "true", "\(line)")
            }
            #expect(postern.logText.contains("it is not for mx1.far.test but for smart.test"))
            #expect(!postfix.logText.contains("auth="))
        }
    }

    @Test(
        "certificates that are wrong, expired, of a strange authority or without their key: who may go in clear goes, the others wait and say why"
    )
    func certificates() async throws {
        let verified = "tls: { mode: verified, ca: \"AUTHORITY\" }"
        let waiting = [
            ("other", "it is not for smart.test but for other.test"), ("expired", "certificate has expired"),
            ("strange", "local issuer certificate"), ("keyless", "remote host refused STARTTLS"), ("clear", "does not offer STARTTLS"),
            ("login", "must not go in clear"),
        ]
        let passing = ["other-required", "expired-opportunistic", "keyless-opportunistic", "clear-opportunistic", "none", "helo"]
        let services: Services = { folder, authority in
            func chain(_ pair: CertificateUnderTest) -> [String: String] { ["smtpd_tls_chain_files": "\(pair.key), \(pair.path)"] }
            let other = try await authority.issue("other.test", in: folder, "other")
            let expired = try await authority.issue("smart.test", in: folder, "expired", isExpired: true)
            let strange = try await CertificateUnderTest.authority(in: folder, "strange")
                .issue("smart.test", in: folder, "of-strange")
            return [
                Service(name: "good"), Service(name: "other", settings: chain(other)),
                Service(name: "expired", settings: chain(expired)),
                Service(name: "strange", settings: chain(strange)),
                Service(
                    name: "keyless",
                    settings: ["smtpd_tls_chain_files": "", "smtpd_tls_cert_file": other.path, "smtpd_tls_key_file": expired.key]),
                Service(name: "clear", settings: ["smtpd_tls_security_level": "none"]),
                Service(name: "login", settings: ["smtpd_tls_security_level": "none", "smtpd_sasl_auth_enable": "yes"]),
            ]
        }
        try await with(
            services,
            connectors: [
                ("other", "other", verified), ("expired", "expired", verified), ("strange", "strange", verified),
                ("keyless", "keyless", "tls: { mode: required }"), ("clear", "clear", "tls: { mode: required }"),
                ("login", "login", "authentication: { user: us, password_file: password }"),
                ("other-required", "other", "tls: { mode: required, ca: \"AUTHORITY\" }"), ("expired-opportunistic", "expired", ""),
                ("keyless-opportunistic", "keyless", ""), ("clear-opportunistic", "clear", "tls: { mode: opportunistic }"),
                ("none", "good", "tls: { mode: none }"), ("helo", "clear", "helo: true"),
            ]
        ) { postern, postfix in
            for name in waiting.map(\.0) + passing { try await postern.send(from: "sender@local.test", to: "user@\(name).far.test") }
            for name in passing { try await postfix.logs("to=<user@\(name).far.test>", "status=sent") }
            for (name, words) in waiting { try await error(postern, for: "user@\(name).far.test", containing: words) }
            for (name, tls) in [
                ("other-required", "TLSv1.3"), ("expired-opportunistic", "TLSv1.3"), ("keyless-opportunistic", "none"),
                ("clear-opportunistic", "none"),
            ] {
                let line = try await delivered(postern, by: name)
                #expect(line["tls"] as? String == tls && "\(line["verified"] ?? "")" != "true", "\(line)")
            }
            try await postfix.logs("helo=1 mail=1 rcpt=1")
            for (name, _) in waiting { #expect(!postfix.logText.contains("to=<user@\(name).far.test>")) }
        }
    }
}
