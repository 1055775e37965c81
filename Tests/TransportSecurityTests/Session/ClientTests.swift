import MailVocabulary
import NIOCore
import Testing

@testable import TransportSecurity

@Suite("Our client meets servers that are right and wrong")
struct ClientTests {
    private func client(_ verification: ClientSettings.Verification, _ trust: TrustAnchors) throws -> ClientContext {
        try ClientContext(ClientSettings(verification: verification, trust: trust))
    }

    @Test("verified: the right name and address pass, and the certificate's facts are told", arguments: [true, false])
    func good(isName: Bool) async throws {
        let folder = try TemporaryFolder()
        let server = try await EchoServer(try Lab.mail.get())
        let peer = isName ? try host("mail.example") : try address("127.0.0.1")
        let client = try await TestClient(
            port: server.port, tls: try self.client(.required, .file(try folder.authority())), peer: peer)
        let handshake = try #require(try await client.settled().handshake)
        #expect(handshake.verification?.isVerified == true)
        #expect(handshake.serverName == (isName ? "mail.example" : nil))
        #expect(handshake.peerCertificate?.subject == "CN=mail.example")
        #expect(handshake.peerCertificate?.issuer == "CN=Lab")
        #expect(handshake.peerCertificate?.names == (try names("mail.example", "127.0.0.1")))
        try await client.close()
        try await server.stop()
    }

    @Test(
        "verified: wrong name, wrong address, unknown authority and expiry fail the handshake and say why; unverified they are reported",
        arguments: [
            ("name", PeerVerification(chainError: nil, isNameMatching: false)),
            ("address", PeerVerification(chainError: nil, isNameMatching: false)),
            ("authority", PeerVerification(chainError: "unable to get local issuer certificate", isNameMatching: true)),
            ("expired", PeerVerification(chainError: "certificate has expired", isNameMatching: true)),
        ])
    func bad(fault: String, expected: PeerVerification) async throws {
        let folder = try TemporaryFolder()
        let server = try await EchoServer(fault == "expired" ? try Lab.expired.get() : try Lab.mail.get())
        let strange = try CertificateAuthority.make(commonName: "Strange", now: .now() - .seconds(60)).pair.certificate.pem
        let trust = TrustAnchors.file(fault == "authority" ? try folder.write(strange, to: "strange.pem") : try folder.authority())
        let peer =
            switch fault {
            case "name": try host("other.example")
            case "address": try address("127.0.0.2")
            default: try host("mail.example")
            }
        let strict = try await TestClient(port: server.port, tls: try client(.required, trust), peer: peer)
        let failed = try await strict.settled()
        #expect(failed.handshake == nil)
        guard case .peerNotVerified(let verification, _)? = failed.error else {
            Issue.record("\(String(describing: failed.error))")
            return
        }
        #expect(verification == expected)
        let lenient = try await TestClient(port: server.port, tls: try client(.reported, trust), peer: peer)
        #expect(try await lenient.settled().handshake?.verification == expected)
        try await lenient.close()
        try await strict.close()
        try await server.stop()
    }

    @Test("a partial wildcard and a bare common name are no match")
    func strictNames() throws {
        let wild = try Lab.wild.get().certificate
        #expect(wild.names(try host("a.wild.example")))
        #expect(!wild.names(try host("wild.example")))
        #expect(!wild.names(try host("a.b.wild.example")))
    }

    @Test("sessions are remembered for each server, and no more than the limit; resumed ones are still verified")
    func resumption() async throws {
        let folder = try TemporaryFolder()
        let server = try await EchoServer(try Lab.mail.get())
        let context = try client(.required, .file(try folder.authority()))
        for isSecond in [false, true, true] {
            let client = try await TestClient(port: server.port, tls: context, peer: try host("mail.example"))
            let handshake = try #require(try await client.settled().handshake)
            #expect(handshake.isResumed == isSecond)
            #expect(handshake.verification?.isVerified == true)
            #expect(handshake.peerCertificate != nil)
            try await client.send("ping")
            try await eventually("the echo, and the ticket before it") { client.record.count == 4 && context.sessions.count == 1 }
            try await client.close()
        }
        try await server.stop()
        let small = SessionCache(limit: 2)
        let session = try #require(context.sessions.session(for: "mail.example mail.example", now: .now()))
        for key in ["a", "b"] { small.remember(session, for: key) }
        _ = small.session(for: "a", now: .now())
        small.remember(session, for: "c")
        #expect(small.count == 2)
        #expect(small.session(for: "b", now: .now()) == nil)
        #expect(small.session(for: "a", now: .now() + .seconds(10_000_000)) == nil)
    }

    @Test("openssl s_server: a session in each version, and data both ways", arguments: ["-tls1_2", "-tls1_3"])
    func opensslServer(version: String) async throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.mail.get())
        let server = try OpenSSLServer(["-cert", files.certificate, "-key", files.key, "-rev", version])
        defer { server.stop() }
        let client = try await server.connect(
            try self.client(.required, .file(try folder.authority())), try host("mail.example"))
        #expect(client.record.handshake?.channel.version == (version == "-tls1_2" ? "TLSv1.2" : "TLSv1.3"))
        try await client.send("olleh\n")
        try await eventually("the line, reversed") { String(decoding: client.record.received, as: UTF8.self).contains("hello") }
        try await client.close()
    }
}
