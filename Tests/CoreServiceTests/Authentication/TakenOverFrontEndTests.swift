import CoreLink
import CrashModel
import Directory
import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import CoreService

#if canImport(Glibc)
    import Glibc
#endif

/// Law 3: front ends that say whatever an attacker wants, against the core's own sessions and sockets.
@Suite("A front end that was taken over")
struct TakenOverFrontEndTests {
    private static let configuration = """
        version: 1
        hostname: mx.postern.test
        default_domain: postern.test
        state_directory: state
        runtime_directory: run
        domains: { postern.test: authoritative }
        virtual_servers:
          internet: { role: edge, listen: ["127.0.0.1:2525"] }
          clients:
            role: submission
            listen: ["127.0.0.1:2587"]
            tls: { mode: none }
            authentication: { anonymous: false, basic: { mechanisms: [PLAIN], require_tls: false } }
            relay: { accounts: all, computers: { only: ["192.0.2.10"] } }
          printers:
            role: submission
            listen: ["127.0.0.1:2588"]
            tls: { mode: none }
            authentication: { anonymous: true, basic: { mechanisms: [PLAIN], require_tls: false } }
            relay: { accounts: all, computers: { only: ["192.0.2.10"] } }
        connectors:
          mailboxes:
            address_spaces: [{ domain: postern.test }]
            deliver: { maildir: "mail/{domain}/{user}" }
          far:
            address_spaces: [{ domain: "*" }]
            deliver: { smart_hosts: ["[127.0.0.1]:9"] }
        """

    /// What the attacker is told of one recipient.
    private enum Heard: Equatable, CustomStringConvertible {
        case reply(String)
        /// The core closed the connection.
        case closed

        var description: String {
            switch self {
            case .reply(let text): text
            case .closed: "closed"
            }
        }

        func begins(_ text: String) -> Bool { description.hasPrefix(text) }
    }

    private static func address(_ text: String) -> EmailAddress { EmailAddress(parsing: text)! }

    /// A core with its sockets, as a front end in the attacker's hand reaches them.
    private final class Target: Sendable {
        let core: CoreUnderTest
        let folder: TemporaryFolder
        let loop: any EventLoop
        // The listeners live as long as this does.
        private let listeners: NIOLoopBound<Listeners>

        private final class Listeners {
            let submission: LinkServer<SubmissionLink>
            let authentication: LinkServer<AuthenticationLink>

            init(_ submission: LinkServer<SubmissionLink>, _ authentication: LinkServer<AuthenticationLink>) {
                (self.submission, self.authentication) = (submission, authentication)
            }
        }

        var submissionPath: String { "\(folder.path)/submission.sock" }
        var authenticationPath: String { "\(folder.path)/authentication.sock" }

        /// - Parameter authenticationUsers: the accounts that are let in to `postern-auth`'s socket; ours is none of them.
        init(_ core: CoreUnderTest, authenticationUsers: Set<UInt32>) async throws {
            (self.core, loop, folder) = (core, core.loop, try TemporaryFolder())
            let (revision, loop) = (core.revision, core.loop)
            listeners = try await core.run { core in
                NIOLoopBound(
                    Listeners(
                        LinkServer(access: .init(userIDs: nil), revision: revision, on: loop, log: { _ in }) { link, _ in
                            core.begin(SubmitSession(core: core, submission: link))
                        },
                        LinkServer(access: .init(userIDs: authenticationUsers), revision: revision, on: loop, log: { _ in }) { link, _ in
                            _ = AuthenticationSession(core: core, connection: link)
                        }), eventLoop: loop)
            }
            let (submissionPath, authenticationPath) = (submissionPath, authenticationPath)
            try await loop.flatSubmit { [listeners] in
                listeners.value.submission.listen(path: submissionPath).and(
                    listeners.value.authentication.listen(path: authenticationPath)
                ).map { _ in }
            }.get()
        }

        func close() async throws {
            try await loop.submit { [listeners] in
                listeners.value.submission.stopListening()
                listeners.value.authentication.stopListening()
            }.get()
        }

        func token(for account: String, at server: String) async throws -> SessionToken {
            let account = address(account)
            return try await core.run { core in
                core.tokens.issue(
                    account, loginKey: "\(account)", mechanism: .plain, virtualServer: server, by: core.tokens.newIssuer(), now: .now())
            }
        }

        /// Says what comes before, and then a transaction for one recipient.
        func submit(
            to recipient: String, from sender: String, at server: String, client: String = "203.0.113.9",
            before: [SubmissionLink.Request] = []
        ) async throws -> Heard {
            let requests =
                before
                + [
                    .submit(
                        .begin(
                            SessionFacts(virtualServer: server, clientAddress: try #require(IPAddress(parsing: client))),
                            EnvelopeSender(reversePath: .address(address(sender))))),
                    .submit(.recipient(EnvelopeRecipient(address: address(recipient)))),
                ]
            return try await say(requests, SubmissionLink.self, path: submissionPath)
        }

        /// Connects as a role, says it all at once, and waits for what is said of the first recipient.
        func say<Role: LinkRole & SendableMetatype>(_ requests: [Role.Request], _ role: Role.Type, path: String) async throws -> Heard
        where Role.Response == SubmitResponse, Role.Request: Sendable {
            let (loop, revision) = (loop, core.revision)
            let heard = loop.makePromise(of: Heard.self)
            loop.execute {
                LinkClient<Role>.connect(to: .init(path: path), holder: 666, revision: revision, on: loop) { result in
                    guard case .success(let client) = result else { return heard.succeed(.closed) }
                    client.connection.onClosed = { _ in heard.succeed(.closed) }
                    client.connection.onMessage = { response in
                        guard case .recipient(let reply) = response else { return }
                        client.connection.onClosed = { _ in }
                        client.connection.close()
                        heard.succeed(.reply("\(reply)"))
                    }
                    for request in requests { client.connection.send(request) }
                    client.connection.flush()
                }
            }
            return try await heard.futureResult.get()
        }

        /// Asks as `postern-auth` would.
        func ask(_ request: AuthenticationLink.Request, path: String) async throws -> AuthenticationLink.Response? {
            let (loop, revision) = (loop, core.revision)
            let heard = loop.makePromise(of: AuthenticationLink.Response?.self)
            loop.execute {
                LinkClient<AuthenticationLink>.connect(to: .init(path: path), holder: 666, revision: revision, on: loop) { result in
                    guard case .success(let client) = result else { return heard.succeed(nil) }
                    client.connection.onClosed = { _ in heard.succeed(nil) }
                    client.connection.onMessage = { response in
                        client.connection.onClosed = { _ in }
                        client.connection.close()
                        heard.succeed(response)
                    }
                    client.connection.send(request)
                    client.connection.flush()
                }
            }
            return try await heard.futureResult.get()
        }
    }

    private static func withTarget(authenticationUsers: Set<UInt32> = [], _ body: (Target) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let recorder = try StorageRecorder(root: folder.path)
        let core = try await CoreUnderTest(recorder, on: MultiThreadedEventLoopGroup.singleton.next(), configuration: configuration) {
            for name in ["anna", "bert"] { try $0.addUser(address("\(name)@postern.test"), password: "pencil") }
        }
        let target = try await Target(core, authenticationUsers: authenticationUsers)
        try await body(target)
        try await target.close()
        try await core.close()
    }

    @Test("without a token it can relay only as the addresses of relay.computers may, where strangers may be at all")
    func withoutToken() async throws {
        try await Self.withTarget { target in
            let cases: [(server: String, client: String, recipient: String, reply: String)] = [
                ("clients", "203.0.113.9", "x@far.test", "530 5.7.0"),
                ("clients", "192.0.2.10", "x@far.test", "530 5.7.0"),
                ("clients", "203.0.113.9", "anna@postern.test", "530 5.7.0"),
                ("printers", "203.0.113.9", "x@far.test", "550 5.7.1"),
                ("printers", "192.0.2.10", "x@far.test", "250 2.1.5"),
                ("printers", "203.0.113.9", "anna@postern.test", "250 2.1.5"),
            ]
            for (server, client, recipient, reply) in cases {
                let heard = try await target.submit(to: recipient, from: "evil@far.test", at: server, client: client)
                #expect(heard.begins(reply), "\(server) \(client) \(recipient): \(heard)")
            }
        }
    }

    @Test("it can use the token of who logs in meanwhile, as that account alone, and not after it was forgotten, changed or removed")
    func token() async throws {
        try await Self.withTarget { target in
            let token = try await target.token(for: "anna@postern.test", at: "clients")
            func heard(_ before: [SubmissionLink.Request], as sender: String = "anna@postern.test", at server: String = "clients")
                async throws
                -> Heard
            {
                try await target.submit(to: "x@far.test", from: sender, at: server, before: before)
            }
            #expect(try await heard([.authorize(token)]).begins("250 2.1.5"))
            #expect(try await heard([.authorize(token)], as: "bert@postern.test").begins("550 5.7.1"))
            // Of another virtual server of the same process.
            #expect(try await heard([.authorize(token)], at: "printers").begins("421 4.7.0"))
            #expect(try await heard([.forget(token), .authorize(token)]).begins("421 4.7.0"))
            for ending in ["changed", "removed"] {
                let next = try await target.token(for: "anna@postern.test", at: "clients")
                #expect(try await heard([.authorize(next)]).begins("250 2.1.5"))
                try await target.core.run { core in
                    let anna = Self.address("anna@postern.test")
                    if ending == "changed" { core.tokens.forget(loginKey: "\(anna)") } else { core.tokens.forget(account: anna) }
                }
                #expect(try await heard([.authorize(next)]).begins("421 4.7.0"), "\(ending)")
            }
        }
    }

    @Test("a token that it makes up is nobody's, and does not fall back to what a stranger may do")
    func guessedTokens() async throws {
        try await Self.withTarget { target in
            let token = try await target.token(for: "anna@postern.test", at: "printers")
            let guesses =
                [
                    SessionToken(high: 0, low: 0), SessionToken(high: token.high, low: token.low ^ 1),
                    SessionToken(high: token.low, low: token.high),
                ]
                + (0..<100).map { _ in SessionToken.random() }
            for guess in guesses {
                let heard = try await target.submit(
                    to: "x@far.test", from: "anna@postern.test", at: "printers", client: "192.0.2.10", before: [.authorize(guess)])
                #expect(heard.begins("421 4.7.0"), "\(heard)")
            }
        }
    }

    @Test("a token serves one transaction that it was named for, and in the middle of one it cannot be named")
    func tokenOrder() async throws {
        try await Self.withTarget { target in
            let token = try await target.token(for: "anna@postern.test", at: "clients")
            let facts = SessionFacts(virtualServer: "clients", clientAddress: try #require(IPAddress(parsing: "203.0.113.9")))
            let begin = SubmissionLink.Request.submit(
                .begin(facts, EnvelopeSender(reversePath: .address(Self.address("anna@postern.test")))))
            let recipient = SubmissionLink.Request.submit(.recipient(EnvelopeRecipient(address: Self.address("x@far.test"))))
            func say(_ requests: [SubmissionLink.Request]) async throws -> Heard {
                try await target.say(requests, SubmissionLink.self, path: target.submissionPath)
            }
            #expect(try await say([.authorize(token), begin, .submit(.abort), begin, recipient]).begins("530 5.7.0"))
            #expect(try await say([begin, .authorize(token), recipient]) == .closed)
            #expect(try await say([begin, .forget(token), recipient]) == .closed)
        }
    }

    @Test("it cannot submit as an edge, and an edge not as a submission server")
    func otherRole() async throws {
        try await Self.withTarget { target in
            #expect(try await target.submit(to: "x@far.test", from: "anna@postern.test", at: "internet") == .closed)
            #expect(try await target.submit(to: "x@far.test", from: "anna@postern.test", at: "nowhere") == .closed)
            let sender = EnvelopeSender(reversePath: .address(Self.address("anna@postern.test")))
            let client = try #require(IPAddress(parsing: "192.0.2.10"))
            func edge(_ server: String, _ recipient: String) async throws -> Heard {
                try await target.say(
                    [
                        .begin(SessionFacts(virtualServer: server, clientAddress: client), sender),
                        .recipient(EnvelopeRecipient(address: Self.address(recipient))),
                    ], EdgeLink.self, path: target.core.edgePath)
            }
            // With what is permitted to everybody it can do nothing more than any stranger.
            #expect(try await edge("printers", "x@far.test") == .closed)
            #expect(try await edge("internet", "x@far.test").begins("550 5.7.1"))
            #expect(try await edge("internet", "anna@postern.test").begins("250 2.1.5"))
            // The edge's protocol has no octets for a token: the socket does not read them.
            let token = try await target.token(for: "anna@postern.test", at: "clients")
            let heard = try await target.say([.authorize(token)], SubmissionLink.self, path: target.core.edgePath)
            #expect(heard == .closed)
        }
    }

    @Test(
        "it cannot ask for a verifier or issue tokens: postern-auth's socket lets in postern-auth's account, and its own knows no such question"
    )
    func authenticationSocket() async throws {
        try await Self.withTarget(authenticationUsers: [getuid() &+ 1]) { target in
            let facts = LoginFacts(
                virtualServer: "clients", clientAddress: try #require(IPAddress(parsing: "203.0.113.9")), isSecure: true)
            let questions: [AuthenticationLink.Request] = [
                .begin(1, facts, .plain), .credential(1, loginName: "anna@postern.test", key: "anna@postern.test"),
                .succeeded(1, loginName: "anna@postern.test", key: nil), .decoySecret,
            ]
            for question in questions {
                #expect(try await target.ask(question, path: target.authenticationPath) == nil)
                #expect(try await target.ask(question, path: target.submissionPath) == nil)
                #expect(try await target.ask(question, path: target.core.edgePath) == nil)
            }
            #expect(try await target.core.run { $0.tokens.count } == 0)
        }
        // The same questions from the right account are answered: it is the account that decides.
        try await Self.withTarget(authenticationUsers: [getuid()]) { target in
            let answer = try await target.ask(
                .credential(1, loginName: "anna@postern.test", key: "anna@postern.test"), path: target.authenticationPath)
            #expect(answer != nil)
        }
    }
}
