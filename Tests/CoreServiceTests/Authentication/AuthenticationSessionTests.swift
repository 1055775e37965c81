import CoreLink
import CrashModel
import Directory
import MailVocabulary
import NIOCore
import NIOPosix
import Testing
import Topology

@testable import CoreService

/// What the core lets `postern-auth` do, and what it makes of its death.
@Suite("The core and postern-auth")
struct AuthenticationSessionTests {
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
            authentication:
              basic: { mechanisms: [PLAIN], require_tls: false }
              challenge: { mechanisms: [SCRAM-SHA-256] }
              integrated: { mechanisms: [GSSAPI], keytab: /dev/null }
            relay: { accounts: all }
        connectors:
          mailboxes:
            address_spaces: [{ domain: postern.test }]
            deliver: { maildir: "mail/{domain}/{user}" }
        """

    private typealias Request = AuthenticationLink.Request
    private typealias Response = AuthenticationLink.Response

    /// One connection of a `postern-auth` that says what it likes.
    private final class Peer: Sendable {
        private let loop: any EventLoop
        private let link: NIOLoopBound<LinkClient<AuthenticationLink>>

        init(_ path: String, _ revision: String, on loop: any EventLoop) async throws {
            self.loop = loop
            link = try await loop.flatSubmit {
                let done = loop.makePromise(of: NIOLoopBound<LinkClient<AuthenticationLink>>.self)
                LinkClient<AuthenticationLink>.connect(to: .init(path: path), holder: 1, revision: revision, on: loop) { result in
                    done.completeWith(result.map { NIOLoopBound($0, eventLoop: loop) }.mapError { $0 as any Error })
                }
                return done.futureResult
            }.get()
        }

        func ask(_ request: Request) async throws -> Response {
            try await loop.flatSubmit { [link, loop] in
                let done = loop.makePromise(of: Response.self)
                let connection = link.value.connection
                connection.onMessage = { done.succeed($0) }
                connection.onClosed = { done.fail($0) }
                connection.send(request)
                connection.flush()
                return done.futureResult
            }.get()
        }

        func tell(_ request: Request) async throws {
            try await loop.submit { [link] in
                link.value.connection.send(request)
                link.value.connection.flush()
            }.get()
        }

        func die() async throws { try await loop.submit { [link] in link.value.connection.close() }.get() }
    }

    private struct Stage {
        let core: CoreUnderTest
        let path: String

        func peer() async throws -> Peer { try await Peer(path, core.revision, on: core.loop) }

        /// Waits until the core has noticed that a connection has ended.
        func until(_ isTrue: @escaping @Sendable (Core) -> Bool) async throws {
            while try await !core.run({ isTrue($0) }) { await Task.yield() }
        }
    }

    private func withStage(_ body: (Stage) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let core = try await CoreUnderTest(
            try StorageRecorder(root: folder.path), on: MultiThreadedEventLoopGroup.singleton.next(), configuration: Self.configuration
        ) { directory in
            for name in ["anna", "bert"] {
                try directory.addUser(try #require(EmailAddress(parsing: "\(name)@postern.test")), password: "pencil")
            }
        }
        let path = core.edgePath + ".auth"
        let (loop, revision) = (core.loop, core.revision)
        let server = try await core.run { core in
            NIOLoopBound(
                LinkServer<AuthenticationLink>(access: .init(userIDs: nil), revision: revision, on: loop, log: { _ in }) { link, _ in
                    _ = AuthenticationSession(core: core, connection: link)
                }, eventLoop: loop)
        }
        try await loop.flatSubmit { server.value.listen(path: path) }.get()
        try await body(Stage(core: core, path: path))
        try await loop.submit { server.value.stopListening() }.get()
        try await core.close()
    }

    private func facts(_ client: String = "192.0.2.1", at server: String = "clients") throws -> LoginFacts {
        LoginFacts(virtualServer: server, clientAddress: try #require(IPAddress(parsing: client)), isSecure: true)
    }

    private static let anna = "anna@postern.test"

    @Test("a token comes only for the name that was looked up in the exchange, once, and of an exchange that was admitted")
    func tokens() async throws {
        try await withStage { stage in
            let auth = try await stage.peer()
            func refused(_ id: UInt64, _ refusal: AuthenticationLink.Refusal, _ request: Request) async throws {
                #expect(try await auth.ask(request) == .refused(id, refusal), "\(request)")
            }
            try await refused(1, .outOfOrder, .succeeded(1, loginName: Self.anna, key: nil))
            try await refused(1, .outOfOrder, .credential(1, loginName: Self.anna, key: Self.anna))
            #expect(try await auth.ask(.begin(1, try facts(), .plain)) == .admitted(1))
            try await refused(1, .outOfOrder, .begin(1, try facts(), .plain))
            try await refused(1, .outOfOrder, .succeeded(1, loginName: Self.anna, key: nil))
            guard case .credential(1, let found) = try await auth.ask(.credential(1, loginName: "anna", key: Self.anna)) else {
                Issue.record("no credential")
                return
            }
            #expect(found.loginKey == Self.anna)
            try await refused(1, .outOfOrder, .credential(1, loginName: "bert", key: "bert@postern.test"))
            try await refused(1, .outOfOrder, .succeeded(1, loginName: "bert@postern.test", key: nil))
            guard case .issued = try await auth.ask(.succeeded(1, loginName: Self.anna, key: Self.anna)) else {
                Issue.record("no token")
                return
            }
            try await refused(1, .outOfOrder, .succeeded(1, loginName: Self.anna, key: Self.anna))
            // Kerberos names its client itself, and nobody else than a known one.
            #expect(try await auth.ask(.begin(2, try facts(), .gssapi)) == .admitted(2))
            try await refused(2, .noSuchAccount, .succeeded(2, loginName: "nobody@postern.test", key: nil))
            guard case .penalty = try await auth.ask(.failed(2, key: nil, .guess)) else {
                Issue.record("not counted")
                return
            }
            #expect(try await stage.core.run { $0.tokens.count } == 1)
        }
    }

    @Test("an exchange begins only at a virtual server that offers its mechanism")
    func offered() async throws {
        try await withStage { stage in
            let auth = try await stage.peer()
            for (server, mechanism) in [("internet", SASLMechanism.plain), ("nowhere", .plain), ("clients", .login), ("clients", .ntlm)] {
                #expect(try await auth.ask(.begin(1, try facts(at: server), mechanism)) == .refused(1, .notOffered), "\(server)")
            }
        }
    }

    @Test("every verifier that is read has been paid for by an exchange that began: one allowance for look-ups and tokens")
    func allowance() async throws {
        try await withStage { stage in
            let auth = try await stage.peer()
            var answers: [Response] = []
            for id in 1...400 as ClosedRange<UInt64> {
                answers.append(try await auth.ask(.begin(id, try facts("203.0.113.5"), .plain)))
                try await auth.tell(.cancelled(id))
            }
            #expect(answers.last == .refused(400, .tooManyFromNetwork) || answers.contains(.refused(399, .tooManyFromNetwork)))
            #expect(answers.prefix(200).allSatisfy { if case .admitted = $0 { true } else { false } })
            #expect(try await auth.ask(.begin(999, try facts("198.51.100.5"), .plain)) == .admitted(999))
        }
    }

    @Test("what is open when postern-auth dies counts as a failure, and the throttle outlives it")
    func death() async throws {
        try await withStage { stage in
            for round in 1...20 {
                let auth = try await stage.peer()
                #expect(try await auth.ask(.begin(1, try facts("192.0.2.7"), .scramSHA256)) == .admitted(1), "\(round)")
                _ = try await auth.ask(.credential(1, loginName: "anna", key: Self.anna))
                try await auth.tell(.reading(1, false))
                try await auth.die()
                try await stage.until { $0.logins.throttle.entryCount >= 1 }
            }
            let auth = try await stage.peer()
            // The twentieth locked the network; the last connection's end may still be on its way to the core.
            var answer = try await auth.ask(.begin(1, try facts("192.0.2.7"), .scramSHA256))
            while answer == .admitted(1) {
                try await auth.tell(.cancelled(1))
                answer = try await auth.ask(.begin(1, try facts("192.0.2.7"), .scramSHA256))
            }
            guard case .locked(1, .address, _) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(try await auth.ask(.begin(2, try facts("192.0.2.8"), .scramSHA256)) == .admitted(2))
        }
    }

    @Test(
        "a mechanism whose message was being read at three deaths is switched off; what waited for its client is not held against its own")
    func crashes() async throws {
        try await withStage { stage in
            for round in 1...3 {
                let auth = try await stage.peer()
                #expect(try await auth.ask(.begin(1, try facts("192.0.2.\(round)"), .gssapi)) == .admitted(1))
                #expect(try await auth.ask(.begin(2, try facts("192.0.2.1\(round)"), .scramSHA256)) == .admitted(2))
                try await auth.tell(.reading(2, false))
                try await auth.die()
                try await stage.until { $0.logins.throttle.entryCount >= 2 * round }
            }
            let auth = try await stage.peer()
            #expect(try await auth.ask(.begin(1, try facts("192.0.2.99"), .gssapi)) == .refused(1, .mechanismIsOff))
            #expect(try await auth.ask(.begin(2, try facts("192.0.2.99"), .scramSHA256)) == .admitted(2))
            // Who submits mail is told, and so is the administrator.
            let outages = try await stage.core.run { $0.outages.current }
            #expect(outages.map(\.mechanism) == [.gssapi])
            #expect(outages.first?.reason == "postern-auth has died under it repeatedly" && outages.first?.until != nil)
        }
    }

    @Test("kind: what cannot work is not offered: a submission server hears which mechanisms are unusable, at once and with each change")
    func unusable() async throws {
        try await withStage { stage in
            let watcher = NIOLoopBoundBox.makeEmptyBox(valueType: [Set<SASLMechanism>].self, eventLoop: stage.core.loop)
            let key = Watcher()
            try await stage.core.run { core in
                watcher.value = []
                core.outages.watch(key) { watcher.value?.append($0) }
            }
            func told(_ count: Int) async throws -> [Set<SASLMechanism>] {
                while try await stage.core.run({ _ in watcher.value?.count ?? 0 }) < count { await Task.yield() }
                return try await stage.core.run { _ in watcher.value ?? [] }
            }
            let auth = try await stage.peer()
            let missing = UnusableMechanism(.gssapi, reason: "no keytab")
            try await auth.tell(.unusable([missing, .init(.ntlm, reason: "no key")]))
            #expect(try await told(2) == [[], [.gssapi, .ntlm]])
            let reasons = try await stage.core.run { $0.outages.current.map(\.reason) }
            #expect(reasons == ["no keytab", "no key"])
            // The same again is no news; fewer are.
            try await auth.tell(.unusable([missing, .init(.ntlm, reason: "no key")]))
            try await auth.tell(.unusable([missing]))
            #expect(try await told(3) == [[], [.gssapi, .ntlm], [.gssapi]])
            // While postern-auth is away, what it said last holds.
            try await auth.die()
            let other = try await stage.peer()
            try await other.tell(.unusable([]))
            #expect(try await told(4).last == [])
            try await stage.core.run { $0.outages.forget(key) }
            try await other.tell(.unusable([missing]))
            try await stage.until { !$0.outages.current.isEmpty }
            #expect(try await told(4).count == 4)
        }
    }

    private final class Watcher: Sendable {}

    @Test("tokens end with the connection that they were issued over")
    func tokensEnd() async throws {
        try await withStage { stage in
            let auth = try await stage.peer()
            #expect(try await auth.ask(.begin(1, try facts(), .plain)) == .admitted(1))
            _ = try await auth.ask(.credential(1, loginName: "anna", key: Self.anna))
            _ = try await auth.ask(.succeeded(1, loginName: Self.anna, key: Self.anna))
            #expect(try await stage.core.run { $0.tokens.count } == 1)
            try await auth.die()
            try await stage.until { $0.tokens.count == 0 }
        }
    }

    @Test("a failure of ours costs the client's network a delay, and neither the account nor a lock")
    func temporary() async throws {
        try await withStage { stage in
            let auth = try await stage.peer()
            var last: Response?
            for id in 1...30 as ClosedRange<UInt64> {
                #expect(try await auth.ask(.begin(id, try facts("192.0.2.3"), .plain)) == .admitted(id))
                last = try await auth.ask(.failed(id, key: Self.anna, .temporary))
            }
            #expect(last == .penalty(30, LoginPenalty(wait: .seconds(3), failures: 30, locks: [])))
            // A guess on top of them locks.
            #expect(try await auth.ask(.begin(31, try facts("192.0.2.3"), .plain)) == .admitted(31))
            guard case .penalty(_, let penalty) = try await auth.ask(.failed(31, key: Self.anna, .guess)) else {
                Issue.record("no penalty")
                return
            }
            #expect(penalty.locks == [.address])
        }
    }
}
