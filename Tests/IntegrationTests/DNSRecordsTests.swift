import Foundation
import Testing

/// `postern dns records`: what a zone needs for a configuration.
@Suite("The DNS records of a system")
struct DNSRecordsTests {
    @Test("dns records: what a zone needs for this configuration, with the digest of the key that OpenSSL's program finds, too")
    func neededRecords() async throws {
        let folder = try TemporaryFolder()
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
        let result = try await Program.run(
            PosternUnderTest.postern, ["dns", "records", "--address", "192.0.2.7", "--address", "2001:db8::7", "--config", file])
        #expect(result.status == 0, "\(result)")
        let lines = Set(result.text.split(separator: "\n").map(String.init))
        for line in [
            "mx.postern.test. A 192.0.2.7", "mx.postern.test. AAAA 2001:db8::7", "7.2.0.192.in-addr.arpa. PTR mx.postern.test.",
            "_25._tcp.mx.postern.test. TLSA 3 1 1 \(digest)    ; only where the zone is signed (DNSSEC)",
            "local.test. MX 10 mx.postern.test.",
            "local.test. TXT \"v=spf1 mx -all\"", "_submission._tcp.local.test. SRV 0 0 0 .",
        ] { #expect(lines.contains(line), "\(line) in\n\(result.text)") }
        #expect(try await Program.run(PosternUnderTest.postern, ["dns", "records", "--address", "here", "--config", file]).status == 64)
    }
}
