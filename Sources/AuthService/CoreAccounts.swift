import Authentication
import CoreLink
import Credentials
import Dispatch
import MailVocabulary
import NIOCore
import Synchronization

/// The accounts of the core, as this process may ask for them: one login name at a time, and a token for who has proven to be somebody.
///
/// Calls block, and are made on the threads that run exchanges; the connections to the core belong to the event loop.
final class CoreAccounts: CredentialSource {
    private let pool: NIOLoopBound<LinkPool<AuthenticationLink>>
    private let eventLoop: any EventLoop
    /// What the core may take to answer; beyond, the exchange fails for now.
    private static let deadline = TimeAmount.seconds(10)

    init(_ pool: LinkPool<AuthenticationLink>) {
        eventLoop = pool.eventLoop
        self.pool = NIOLoopBound(pool, eventLoop: pool.eventLoop)
    }

    func credential(for name: LoginName) throws(CredentialSourceFailure) -> Authentication.StoredCredential? {
        // The directory completes bare names itself.
        switch try ask(.credential(loginName: name.lookups[0])) {
        case .credential(let stored):
            guard let account = stored.account else { return nil }
            guard let verifier = SCRAMVerifier(parsing: stored.verifier) else { throw CredentialSourceFailure("the core sent no verifier") }
            return Authentication.StoredCredential(
                loginName: stored.loginKey ?? name.key, account: account, verifier: verifier,
                recoverableSecret: stored.secret.flatMap { SealedSecret(parsing: String(buffer: $0)) })
        case .refused(let refusal): throw CredentialSourceFailure("the core refuses: \(refusal)")
        case .issued, .decoySecret: throw CredentialSourceFailure("the core answered something else")
        }
    }

    enum Issue {
        case issued(SessionToken, EmailAddress)
        case noSuchAccount
    }

    func issueToken(
        for loginName: String, _ facts: LoginFacts, _ mechanism: SASLMechanism
    ) throws(CredentialSourceFailure) -> Issue {
        switch try ask(.issueToken(loginName: loginName, facts, mechanism)) {
        case .issued(let token, let account): return .issued(token, account)
        case .refused(.noSuchAccount): return .noSuchAccount
        case .refused(let refusal): throw CredentialSourceFailure("the core refuses: \(refusal)")
        case .credential, .decoySecret: throw CredentialSourceFailure("the core answered something else")
        }
    }

    /// What decoys are made from: the same at every start, as it is the directory's.
    func decoySecret() throws(CredentialSourceFailure) -> [UInt8] {
        guard case .decoySecret(let secret) = try ask(.decoySecret) else {
            throw CredentialSourceFailure("the core answered something else")
        }
        return Array(secret.readableBytesView)
    }

    private func ask(_ request: AuthenticationLink.Request) throws(CredentialSourceFailure) -> AuthenticationLink.Response {
        let (answer, isThere) = (Answer(), DispatchSemaphore(value: 0))
        eventLoop.execute { [pool] in
            Self.ask(request, pool.value) { result in
                answer.result.withLock { $0 = result }
                isThere.signal()
            }
        }
        isThere.wait()
        return try answer.result.withLock { $0 }.get()
    }

    private static func ask(
        _ request: AuthenticationLink.Request, _ pool: LinkPool<AuthenticationLink>,
        completion: @escaping (Result<AuthenticationLink.Response, CredentialSourceFailure>) -> Void
    ) {
        pool.acquire { result in
            switch result {
            case .failure(let error): completion(.failure(CredentialSourceFailure("the core cannot be reached: \(error)")))
            case .success(let client):
                let timer = pool.eventLoop.assumeIsolated().scheduleTask(in: deadline) {
                    pool.discard(client)
                    completion(.failure(CredentialSourceFailure("the core does not answer")))
                }
                client.connection.onMessage = { response in
                    timer.cancel()
                    pool.release(client)
                    completion(.success(response))
                }
                client.connection.onClosed = { error in
                    timer.cancel()
                    pool.discard(client)
                    completion(.failure(CredentialSourceFailure("the core went away: \(error)")))
                }
                client.connection.send(request)
                client.connection.flush()
            }
        }
    }

    private final class Answer: Sendable {
        let result = Mutex(Result<AuthenticationLink.Response, CredentialSourceFailure>.failure(CredentialSourceFailure("no answer")))
    }
}
