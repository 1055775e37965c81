import CoreLink
import CrashModel
import Credentials
import Directory
import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import CoreService

extension IPAddress {
    fileprivate static var loopback: IPAddress { IPAddress(ipv4: 0x7F00_0001) }
}

@Suite("What the core tells of credentials")
struct StoredCredentialTests {
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
            authentication: { basic: { mechanisms: [PLAIN], require_tls: false } }
            relay: { accounts: all }
        connectors:
          mailboxes:
            address_spaces: [{ domain: postern.test }]
            deliver: { maildir: "mail/{domain}/{user}" }
        """

    private struct NoAnswer: Error { let text: String }

    private func withCore(
        prepare: @escaping @Sendable (Directory) throws -> Void, _ body: (CoreUnderTest) async throws -> Void
    ) async throws {
        try await CoreUnderTest.with(configuration: Self.configuration, prepare: prepare) { core, _ in try await body(core) }
    }

    /// Asks as `postern-auth` does.
    private func credential(_ loginName: String, of core: CoreUnderTest) async throws -> StoredCredential {
        let path = core.edgePath + ".auth"
        let (loop, revision) = (core.loop, core.revision)
        let server = try await core.run { core in
            NIOLoopBound(
                LinkServer<AuthenticationLink>(access: .init(userIDs: nil), revision: revision, on: loop, log: { _ in }) { link, _ in
                    _ = AuthenticationSession(core: core, connection: link)
                }, eventLoop: loop)
        }
        try await loop.flatSubmit { server.value.listen(path: path) }.get()
        let done = loop.makePromise(of: StoredCredential.self)
        loop.execute {
            LinkClient<AuthenticationLink>.connect(to: .init(path: path), holder: 1, revision: revision, on: loop) { result in
                guard case .success(let client) = result else { return done.fail(NoAnswer(text: "\(result)")) }
                client.connection.onClosed = { done.fail(NoAnswer(text: "\($0)")) }
                client.connection.onMessage = { response in
                    // The client is held until its answer has come.
                    if case .admitted = response { return }
                    if case .credential(_, let found) = response { done.succeed(found) } else { done.fail(NoAnswer(text: "\(response)")) }
                    client.connection.close()
                }
                client.connection.send(
                    .begin(1, LoginFacts(virtualServer: "clients", clientAddress: .loopback, isSecure: true), .plain))
                client.connection.send(.credential(1, loginName: loginName, key: loginName))
                client.connection.flush()
            }
        }
        let answer = try await done.futureResult.get()
        try await loop.submit { server.value.stopListening() }.get()
        return answer
    }

    @Test("with a credential goes the key it lies under, whatever the spelling, and the sealed password that opens for just these two")
    func recoverable() async throws {
        let key = try SecretKey()
        try await withCore { directory in
            let anna = try #require(EmailAddress(parsing: "Anna@postern.test"))
            try directory.addUser(anna)
            let secret = try SealedSecret(
                sealing: try PreparedPassword("pencil"),
                for: SealedSecret.Owner(account: anna.lookupKey, credential: try directory.key(ofNewLogin: "Anna@Postern.test")), with: key)
            try directory.setPassword(loginName: "anna", "pencil", secret: secret)
        } _: { core in
            let found = try await credential("ANNA", of: core)
            #expect(found.loginKey == "anna@postern.test")
            let text = try #require(found.secret.map { String(decoding: $0.readableBytesView, as: UTF8.self) })
            let owner = SealedSecret.Owner(account: try #require(found.account).lookupKey, credential: try #require(found.loginKey))
            #expect(try SealedSecret(parsing: text)?.open(for: owner, with: key) == Array("pencil".utf8))
            let nobody = try await credential("nobody", of: core)
            #expect(
                nobody.account == nil && nobody.loginKey == nil && nobody.secret == nil && nobody.verifier.count == found.verifier.count)
        }
    }

    @Test("verifiers are exported for root and the core's account; a member of control_group is refused with 77")
    func export() async throws {
        try await withCore { directory in
            try directory.addUser(try #require(EmailAddress(parsing: "anna@postern.test")), password: "pencil")
        } _: { core in
            let (refused, exported) = try await core.run { core in
                func answer(_ mayReadVerifiers: Bool) throws -> [String] {
                    try DirectoryCommands(core: core, mayReadVerifiers: mayReadVerifiers).run(ControlRequest(.userExport)).map(\.text)
                }
                let refusal = #expect(throws: ControlRefusal.self) { _ = try answer(false) }
                return (refusal?.exitCode, try answer(true))
            }
            #expect(refused == 77)
            #expect(exported.count == 2 && exported[1].contains("\"login_key\":\"anna@postern.test\""), "\(exported)")
        }
    }
}
