import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing
import TransportSecurity

@testable import SMTPClient

@Suite("Client over sockets: STARTTLS", .timeLimit(.minutes(2)))
struct TLSTests {
    private func server(
        _ context: ServerContext? = nil, change: (inout TestServer.Behaviour) -> Void = { _ in }
    ) async throws -> TestServer {
        var behaviour = TestServer.Behaviour()
        behaviour.extensions = ["PIPELINING", "STARTTLS"]
        behaviour.tls = try context ?? Lab.good.get()
        change(&behaviour)
        return try await TestServer.start(behaviour, on: Loops.server)
    }

    private func failure(_ server: TestServer, _ settings: SMTPClientSettings) async throws -> SMTPConnectFailure? {
        do {
            try await connect(server, settings).quitFromAfar()
            return nil
        } catch let failure as SMTPConnectFailure {
            return failure
        }
    }

    @Test("a good server: the message goes over TLS in every mode, and version, cipher and proof are known", arguments: TLSMode.allCases)
    func good(mode: TLSMode) async throws {
        let server = try await server()
        let connection = try await connect(server, try tlsSettings(mode))
        let result = try await connection.deliverFromAfar(sampleContent(size: 200_000))
        #expect(result.outcomes.allSatisfy { $0.isDelivered })
        #expect(server.messages == [sampleContent(size: 200_000)])
        let security = try #require(try await connection.securityFromAfar())
        #expect(security.channel.version == "TLSv1.3" && security.channel.bits >= 128 && security.isVerified && !security.isResumed)
        #expect(server.commands.prefix(3) == ["EHLO us.example", "STARTTLS", "EHLO us.example"])
        #expect(server.record.withLock { $0.handshakes.map(\.serverName) } == ["mx.test.example"])
        try await connection.quitFromAfar()
        try await server.stop()
    }

    @Test(
        "a certificate of somebody else, a strange authority, and an expired one: verified says what is wrong and sends nothing, the others go on",
        arguments: [
            ("other", "it is not for mx.test.example but for other.test.example"), ("strange", "unable to get local issuer certificate"),
            ("expired", "certificate has expired"),
        ])
    func bad(fault: String, words: String) async throws {
        let certificate =
            switch fault {
            case "other": try Lab.other.get()
            case "expired": try Lab.expired.get()
            default: try Lab.good.get()
            }
        let server = try await server(certificate)
        let trust = try fault == "strange" ? Lab.strange.get() : Lab.trust.get()
        let failure = try #require(try await failure(server, try tlsSettings(.verified, trust: trust)))
        #expect(failure.isOfTransportSecurity && !failure.reply.isPermanentFailure)
        #expect("\(failure.reply)".hasPrefix("454 4.7.5 ") && "\(failure.reply)".contains(words), "\(failure.reply)")
        #expect(server.commands == ["EHLO us.example", "STARTTLS"])
        #expect(try tlsSettings(.verified).inClear == nil)
        for mode in [TLSMode.opportunistic, .required] {
            let connection = try await connect(server, try tlsSettings(mode, trust: trust))
            #expect(try await connection.securityFromAfar()?.isVerified == false)
            try await connection.quitFromAfar()
        }
        try await server.stop()
    }

    @Test("a server that is known by its address alone is verified by it")
    func byAddress() async throws {
        let server = try await server(try Lab.address.get())
        let connection = try await connect(server, try tlsSettings(.verified, peer: .address(loopback)))
        #expect(try await connection.securityFromAfar()?.isVerified == true)
        try await connection.quitFromAfar()
        let failure = try await failure(server, try tlsSettings(.verified, peer: .address(IPAddress(ipv4: 0x7F00_0002))))
        #expect(failure.map { "\($0.reply)" }?.contains("it is not for 127.0.0.2 but for 127.0.0.1") == true)
        try await server.stop()
    }

    @Test("STARTTLS is not offered: only opportunistic goes on", arguments: TLSMode.allCases)
    func notOffered(mode: TLSMode) async throws {
        let server = try await server { $0.extensions = ["PIPELINING"] }
        if mode == .opportunistic {
            let connection = try await connect(server, try tlsSettings(mode))
            #expect(try await connection.deliverFromAfar(sampleContent(size: 1000)).outcomes.allSatisfy { $0.isDelivered })
            #expect(try await connection.securityFromAfar() == nil)
            try await connection.quitFromAfar()
        } else {
            #expect(try await failure(server, try tlsSettings(mode)) == .session(.transportSecurityNotOffered))
            #expect(server.messages == [])
        }
        try await server.stop()
    }

    @Test("STARTTLS is refused: only opportunistic goes on, on the same connection", arguments: TLSMode.allCases)
    func refused(mode: TLSMode) async throws {
        let server = try await server { $0.replies["STARTTLS"] = "454 4.7.0 not now\r\n" }
        let failure = try await failure(server, try tlsSettings(mode))
        #expect((failure == nil) == (mode == .opportunistic))
        if let failure { #expect("\(failure.reply)".contains("454 4.7.0 not now")) }
        #expect(server.record.withLock { $0.connections } == 1)
        try await server.stop()
    }

    @Test("a handshake that fails: opportunistic may try again in clear, and then says no STARTTLS; the others may not")
    func handshakeFails() async throws {
        // Whatever this server says after its 220, it is no TLS.
        let server = try await server { $0.tls = nil }
        let settings = try tlsSettings(.opportunistic)
        let failure = try #require(try await failure(server, settings))
        #expect(failure.isOfTransportSecurity && "\(failure.reply)".hasPrefix("454 4.7.5"))
        let connection = try await connect(server, try #require(settings.inClear))
        #expect(try await connection.deliverFromAfar(sampleContent(size: 1000)).outcomes.allSatisfy { $0.isDelivered })
        try await connection.quitFromAfar()
        #expect(server.commands.count { $0 == "STARTTLS" } == 1)
        #expect(try tlsSettings(.required).inClear == nil)
        try await server.stop()
    }

    @Test(
        "what is said in clear behind the reply to STARTTLS ends the connection in every mode, and none is tried in clear",
        arguments: TLSMode.allCases)
    func injection(mode: TLSMode) async throws {
        let server = try await server { $0.injection = "250-evil.example\r\n250 AUTH PLAIN\r\n" }
        let failure = try #require(try await failure(server, try tlsSettings(mode)))
        #expect(failure == .session(.plaintextInjected) && !failure.isOfTransportSecurity)
        #expect(server.messages == [] && !server.commands.contains { $0.hasPrefix("AUTH") })
        try await server.stop()
    }

    @Test("nothing that was announced in clear counts under TLS")
    func announcedInClear() async throws {
        let server = try await server {
            $0.extensions += ["SIZE 10", "CHUNKING", "8BITMIME"]
            $0.securedExtensions = []
        }
        let connection = try await connect(server, try tlsSettings(.required))
        let extensions = try await connection.eventLoop.submit { connection.extensions }.get()
        #expect(extensions == RemoteExtensions())
        try await connection.quitFromAfar()
        try await server.stop()
    }

    @Test("the second connection with the same settings resumes the session of the first, and is verified as well")
    func resumption() async throws {
        let server = try await server()
        let settings = try tlsSettings(.verified)
        var resumed: [Bool] = []
        for _ in 0..<3 {
            let connection = try await connect(server, settings)
            _ = try await connection.deliverFromAfar(sampleContent(size: 1000))
            let security = try #require(try await connection.securityFromAfar())
            #expect(security.isVerified)
            resumed.append(security.isResumed)
            try await connection.quitFromAfar()
        }
        #expect(resumed == [false, true, true])
        // Another context has seen nothing of it.
        let other = try await connect(server, try tlsSettings(.verified))
        #expect(try await other.securityFromAfar()?.isResumed == false)
        try await other.quitFromAfar()
        try await server.stop()
    }

    @Test("a server that is silent in the handshake is left when the time is over")
    func silent() async throws {
        let server = try await server { $0.tls = nil }
        let base = try tlsSettings(.required)
        let settings = SMTPClientSettings(ourName: base.session.ourName, tls: base.tls, timeouts: SMTPClientTimeouts(idle: .seconds(2)))
        // It answers the hello of TLS, which is no command, with nothing: there is no line end in it, or a reply that is no record.
        let failure = try #require(try await failure(server, settings))
        #expect(failure.isOfTransportSecurity)
        try await server.stop()
    }
}
