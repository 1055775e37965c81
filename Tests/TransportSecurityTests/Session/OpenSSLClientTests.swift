import NIOCore
import Testing

@testable import TransportSecurity

/// `openssl s_client` and curl against our server.
@Suite("OpenSSL's own client meets our server", .serialized)
struct OpenSSLClientTests {
    @Test(
        "each version and cipher is agreed on as it is offered",
        arguments: [
            (["-tls1_3"], "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256),
            (["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"], "TLSv1.3", "TLS_AES_128_GCM_SHA256", 128),
            (["-tls1_3", "-groups", "P-384"], "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256),
            (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305", 256),
            (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", 128),
            (["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"], "TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", 256),
        ])
    func agreed(options: [String], version: String, cipher: String, bits: Int) async throws {
        let context = try ServerContext(identities: [ServerIdentity([Lab.mail.get(), Lab.mailRSA.get()])])
        let server = try await EchoServer(CurrentServerContext(context))
        let client = try await Program.openssl(["s_client", "-connect", "127.0.0.1:\(server.port)"] + options, input: "Q\n")
        #expect(client.status == 0, "\(client.output)")
        try await eventually("the server's side of the handshake") { !server.record.value.handshakes.isEmpty }
        let channel = server.record.value.handshakes[0].channel
        #expect((channel.version, channel.cipher, channel.bits) == (version, cipher, bits))
        #expect(!server.record.value.handshakes[0].isResumed)
        try await server.stop()
    }

    @Test(
        "what is too old, too weak or off is refused with an alert, and the error says why",
        arguments: [
            (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "unsupported protocol"),
            (["-tls1_2", "-cipher", "AES256-SHA"], "no shared cipher"),
            (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "no shared cipher"),
        ])
    func refused(options: [String], reason: String) async throws {
        let server = try await EchoServer(try Lab.mail.get())
        let client = try await Program.openssl(["s_client", "-connect", "127.0.0.1:\(server.port)"] + options, input: "Q\n")
        #expect(client.status != 0)
        #expect(client.output.contains("alert"), "\(client.output)")
        try await eventually("the error") { !server.record.value.errors.isEmpty }
        #expect(server.record.value.errors == [.handshakeFailed(reason: reason)])
        try await server.stop()
    }

    @Test("a minimum version of 1.3 refuses a client of 1.2")
    func minimumVersion() async throws {
        let server = try await EchoServer(try Lab.mail.get(), settings: ServerSettings(minimumVersion: .tls13))
        let client = try await Program.openssl(["s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_2"], input: "Q\n")
        #expect(client.output.contains("alert protocol version"), "\(client.output)")
        try await server.stop()
    }

    @Test("a minimum of 256 bits lets an AES-128 client finish, and says what it misses; a client that can do both gets 256")
    func minimumBits() async throws {
        let server = try await EchoServer(try Lab.mail.get(), settings: ServerSettings(minimumBits: 256))
        for suites in ["TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"] {
            _ = try await Program.openssl(
                ["s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_3", "-ciphersuites", suites], input: "Q\n")
        }
        try await eventually("both handshakes") { server.record.value.handshakes.count == 2 }
        #expect(server.record.value.handshakes.map(\.missedMinimumBits) == [256, nil])
        try await server.stop()
    }

    @Test("RSA and ECDSA stand side by side: a client that can check only RSA signatures gets the RSA certificate")
    func sideBySide() async throws {
        let context = try ServerContext(identities: [ServerIdentity([Lab.mail.get(), Lab.mailRSA.get()])])
        let server = try await EchoServer(CurrentServerContext(context))
        for (algorithms, key) in [("RSA-PSS+SHA256", "2048 bit"), ("ECDSA+SHA256", "256 bit")] {
            let client = try await Program.openssl(
                ["s_client", "-connect", "127.0.0.1:\(server.port)", "-sigalgs", algorithms], input: "Q\n")
            #expect(client.output.contains("Server public key is \(key)"), "\(algorithms): \(client.output)")
        }
        try await server.stop()
    }

    @Test(
        "the name that the client asks for chooses the certificate; without one, and for a strange one, the default is shown",
        arguments: [
            ("other.example", "other.example"), ("OTHER.example", "other.example"), ("a.wild.example", "*.wild.example"),
            ("a.b.wild.example", "mail.example"), ("strange.example", "mail.example"), ("", "mail.example"),
        ])
    func serverName(name: String, shown: String) async throws {
        let context = try ServerContext(
            identities: [ServerIdentity(Lab.mail.get()), ServerIdentity(Lab.other.get()), ServerIdentity(Lab.wild.get())])
        let server = try await EchoServer(CurrentServerContext(context))
        let option = name.isEmpty ? ["-noservername"] : ["-servername", name]
        let client = try await Program.openssl(["s_client", "-connect", "127.0.0.1:\(server.port)"] + option, input: "Q\n")
        #expect(client.output.contains("subject=CN = \(shown)"), "\(client.output)")
        try await eventually("the server's side") { !server.record.value.handshakes.isEmpty }
        #expect(server.record.value.handshakes[0].serverName == (name.isEmpty ? nil : name.lowercased()))
        try await server.stop()
    }

    @Test(
        "sessions are resumed with tickets in both versions, again and again, also on the context that a renewal brings",
        arguments: ["-tls1_2", "-tls1_3"])
    func resumption(version: String) async throws {
        let folder = try TemporaryFolder()
        let current = CurrentServerContext(try ServerContext(try Lab.mail.get()))
        let server = try await EchoServer(current)
        let base = ["s_client", "-connect", "127.0.0.1:\(server.port)", version, "-ign_eof"]
        let first = try await Program.openssl(base + ["-sess_out", folder.file("session")], input: "quit\n")
        #expect(first.output.contains("New, TLSv"), "\(first.output)")
        try current.replace(identities: [ServerIdentity(try Lab.mailRSA.get())])
        // A client of TLS 1.3 uses a ticket once, and needs a new one from the session that it resumed.
        for (old, new) in [("session", "second"), ("second", "third"), ("third", "fourth")] {
            let next = try await Program.openssl(base + ["-sess_in", folder.file(old), "-sess_out", folder.file(new)], input: "quit\n")
            #expect(next.output.contains("Reused, TLSv"), "\(next.output)")
        }
        try await eventually("all handshakes") { server.record.value.handshakes.count == 4 }
        #expect(server.record.value.handshakes.map(\.isResumed) == [false, true, true, true])
        try await server.stop()
    }

    @Test("STARTTLS: the handler is added to a connection that has spoken in clear, and the session works")
    func startTLS() async throws {
        let folder = try TemporaryFolder()
        let server = try await EchoServer(CurrentServerContext(try ServerContext(try Lab.mail.get())), startTLS: true)
        let client = try await Program.openssl(
            [
                "s_client", "-connect", "127.0.0.1:\(server.port)", "-starttls", "smtp", "-CAfile", try folder.authority(),
                "-verify_hostname", "mail.example", "-ign_eof",
            ], input: "quit\n")
        #expect(client.output.contains("Verify return code: 0 (ok)"), "\(client.output)")
        #expect(client.output.contains("\nquit\n"), "\(client.output)")
        try await server.stop()
    }

    @Test("renegotiation is refused")
    func renegotiation() async throws {
        let server = try await EchoServer(try Lab.mail.get())
        let asked = try await Program.openssl(["s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_2"], input: "R\n")
        #expect(asked.output.contains("no renegotiation"), "\(asked.output)")
        try await server.stop()
    }
}
