import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing
import TransportSecurity

@testable import SMTPClient

@Suite("Client over sockets: AUTH", .timeLimit(.minutes(2)))
struct LoginTests {
    private static let all = "AUTH PLAIN LOGIN SCRAM-SHA-256"

    /// What the server sees from the first `AUTH` on, and why there was no connection.
    private func dialogue(
        _ replies: [String], _ login: ScriptedLogin, isInClear: Bool = false, offered: String = all
    ) async throws -> (commands: [String], failure: SMTPConnectFailure?) {
        var behaviour = TestServer.Behaviour()
        behaviour.extensions = isInClear ? [offered] : ["STARTTLS", "AUTH EXTERNAL"]
        behaviour.securedExtensions = [offered]
        behaviour.tls = isInClear ? nil : try Lab.good.get()
        behaviour.authentication = replies
        let server = try await TestServer.start(behaviour, on: Loops.server)
        var failure: SMTPConnectFailure?
        do {
            let connection = try await connect(server, try tlsSettings(.opportunistic, login: login))
            _ = try await connection.deliverFromAfar(sampleContent(size: 100))
            try await connection.quitFromAfar()
        } catch let error as SMTPConnectFailure {
            failure = error
        }
        await server.connectionClosed()
        try await server.stop()
        let commands = server.commands
        return (Array(commands[(commands.firstIndex { $0.hasPrefix("AUTH") } ?? commands.endIndex)...]), failure)
    }

    private static let transaction = ["MAIL FROM:<from@us.example>", "RCPT TO:<a@x.example>", "DATA", "QUIT"]

    @Test("PLAIN with its initial response, over TLS, before the first transaction")
    func plain() async throws {
        let login = ScriptedLogin(initialResponse: Array("\0us\0secret".utf8))
        let (commands, failure) = try await dialogue(["235 2.7.0 welcome\r\n"], login)
        #expect(failure == nil)
        #expect(commands == ["AUTH PLAIN AHVzAHNlY3JldA=="] + Self.transaction)
    }

    @Test("LOGIN, where the server begins")
    func login() async throws {
        let login = ScriptedLogin(mechanism: "LOGIN", responses: ["us", "secret"])
        let (commands, failure) = try await dialogue(
            ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 2.7.0 welcome\r\n"], login)
        #expect(failure == nil)
        #expect(commands == ["AUTH LOGIN", "dXM=", "c2VjcmV0"] + Self.transaction)
    }

    @Test("a mechanism with several steps, whose server proves itself at the end: without the proof nothing is sent")
    func proof() async throws {
        let replies = ["334 cj0=\r\n", "235 2.7.0 welcome\r\n"]
        let scram = ScriptedLogin(mechanism: "SCRAM-SHA-256", initialResponse: Array("n,,n=us,r=x".utf8), responses: ["c=biws"])
        let (commands, failure) = try await dialogue(replies, scram)
        #expect(failure == nil && commands.starts(with: ["AUTH SCRAM-SHA-256 biwsbj11cyxyPXg=", "Yz1iaXdz"]))
        var doubted = scram
        doubted.objectionAtTheEnd = "the server did not prove itself"
        let (seen, refused) = try await dialogue(replies, doubted)
        #expect(refused == .session(.authenticationAbandoned("the server did not prove itself")))
        #expect(!seen.contains { $0.hasPrefix("MAIL") })
    }

    @Test("535 is a temporary failure with what the server said, and no transaction is tried")
    func refused() async throws {
        let login = ScriptedLogin(initialResponse: Array("\0us\0wrong".utf8))
        let (commands, failure) = try await dialogue(["535 5.7.8 Who are you?\r\n"], login)
        #expect(failure?.isOfLogin == true)
        #expect(failure.map { "\($0.reply)" } == "454 4.7.8 the remote host refused the login: 535 5.7.8 Who are you?")
        #expect(commands.count == 2 && commands.last == "QUIT")
    }

    @Test("no mechanism in common, no AUTH at all, and a challenge that has no answer, which is cancelled")
    func abandoned() async throws {
        let (none, nothing) = try await dialogue([], ScriptedLogin(), offered: "AUTH NTLM")
        #expect(nothing == .session(.authenticationAbandoned("offered: NTLM")) && none == [])
        let (_, notOffered) = try await dialogue([], ScriptedLogin(), offered: "HELP")
        #expect(notOffered == .session(.authenticationNotOffered))
        let (commands, cancelled) = try await dialogue(["334 Pz8=\r\n", "501 5.7.0 cancelled\r\n"], ScriptedLogin(mechanism: "LOGIN"))
        #expect(commands == ["AUTH LOGIN", "*", "QUIT"])
        #expect(cancelled == .session(.authenticationAbandoned("no answer to ??")))
    }

    @Test("in clear nobody logs in, unless the settings say so; nor is a connection in clear tried instead")
    func inClear() async throws {
        var login = ScriptedLogin(initialResponse: Array("\0us\0secret".utf8))
        let (commands, failure) = try await dialogue(["235 2.7.0 welcome\r\n"], login, isInClear: true)
        #expect(failure == .session(.authenticationNeedsTLS) && commands == [])
        #expect(try tlsSettings(.opportunistic, login: login).inClear == nil)
        login.isAllowedInClear = true
        let (sent, allowed) = try await dialogue(["235 2.7.0 welcome\r\n"], login, isInClear: true)
        #expect(allowed == nil && sent.first == "AUTH PLAIN AHVzAHNlY3JldA==")
        #expect(try tlsSettings(.opportunistic, login: login).inClear != nil)
    }
}
