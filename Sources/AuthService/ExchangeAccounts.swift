import Authentication
import CoreLink
import Credentials
import Dispatch
import MailVocabulary
import NIOCore
import Synchronization

/// The accounts of the core, as one exchange may ask for them: one login name, once.
///
/// The call blocks, and is made on the thread that runs the exchange; the connection to the core belongs to the event loop.
final class ExchangeAccounts: CredentialSource {
    private let core: NIOLoopBound<CoreConnection>
    private let eventLoop: any EventLoop
    private let exchange: AuthenticationLink.ExchangeID

    /// To be made on the event loop.
    init(_ core: CoreConnection, exchange: AuthenticationLink.ExchangeID) {
        (eventLoop, self.exchange) = (core.eventLoop, exchange)
        self.core = NIOLoopBound(core, eventLoop: core.eventLoop)
    }

    func credential(for name: LoginName) throws(CredentialSourceFailure) -> Authentication.StoredCredential? {
        // The directory completes bare names itself.
        switch try ask(.credential(exchange, loginName: name.lookups[0], key: name.key)) {
        case .credential(_, let stored):
            // Read for a name that nobody has as well: it must take as long.
            guard let verifier = SCRAMVerifier(parsing: stored.verifier) else { throw CredentialSourceFailure("the core sent no verifier") }
            guard let account = stored.account else { return nil }
            return Authentication.StoredCredential(
                loginName: stored.loginKey ?? name.key, account: account, verifier: verifier,
                recoverableSecret: stored.secret.flatMap { SealedSecret(parsing: String(buffer: $0)) })
        case .refused(_, let refusal): throw CredentialSourceFailure("the core refuses: \(refusal)")
        default: throw CredentialSourceFailure("the core answered something else")
        }
    }

    private func ask(_ request: AuthenticationLink.Request) throws(CredentialSourceFailure) -> AuthenticationLink.Response {
        let (answer, isThere) = (Answer(), DispatchSemaphore(value: 0))
        eventLoop.execute { [core, exchange] in
            core.value.ask(request, in: exchange) { result in
                answer.result.withLock { $0 = result.mapError { CredentialSourceFailure($0.reason) } }
                isThere.signal()
            }
        }
        isThere.wait()
        return try answer.result.withLock { $0 }.get()
    }

    private final class Answer: Sendable {
        let result = Mutex(Result<AuthenticationLink.Response, CredentialSourceFailure>.failure(CredentialSourceFailure("no answer")))
    }
}
