import Authentication
import CoreLink
import Logging
import MailVocabulary
import NIOCore

/// One connection of the submission server: one exchange after another. Confined to its event loop; what blocks runs on the pool of threads.
///
/// A front end that says what it may not say at that point loses its connection.
final class LoginSession {
    typealias Connection = LinkChannel<LoginLink.Request, LoginLink.Response>

    private enum State {
        case idle
        /// The exchange waits for the client's answer to a challenge.
        case waiting(Exchange)
        /// A thread works on it, or its refusal is being delayed.
        case working(Exchange)
    }

    private final class Exchange {
        let facts: LoginFacts
        let sasl: SASLServerExchange
        var isCancelled = false

        init(facts: LoginFacts, sasl: SASLServerExchange) { (self.facts, self.sasl) = (facts, sasl) }
    }

    private let auth: RunningAuth
    private let connection: Connection
    private var state = State.idle

    init(auth: RunningAuth, connection: Connection) {
        (self.auth, self.connection) = (auth, connection)
        connection.onMessage = { [self] in received($0) }
        connection.onClosed = { [self] _ in cancel() }
    }

    private func received(_ request: LoginLink.Request) {
        switch (request, state) {
        case (.begin(let facts, let mechanism, let initialResponse), .idle): begin(facts, mechanism, initialResponse)
        case (.respond(let message), .waiting(let exchange)):
            run(exchange) { $0.step(Array(message.readableBytesView)) }
        case (.cancel, .waiting), (.cancel, .working): cancel()
        case (.cancel, .idle): break
        default:
            auth.log.warning("the submission server broke the protocol; its connection is closed")
            connection.close()
        }
    }

    private func begin(_ facts: LoginFacts, _ mechanism: SASLMechanism, _ initialResponse: ByteBuffer?) {
        guard let server = auth.server(named: facts.virtualServer) else {
            auth.log.warning("nobody can log in there at the moment", metadata: ["virtual_server": "\(facts.virtualServer)"])
            return answer(.failed(Self.unavailable))
        }
        let sasl = server.exchange(mechanism, facts: .init(hostname: auth.hostname, isEncrypted: facts.isSecure))
        let exchange = Exchange(facts: facts, sasl: sasl)
        if isLocked(exchange, account: nil) { return }
        let response = initialResponse.map { Array($0.readableBytesView) }
        run(exchange) { $0.begin(response) }
    }

    /// Does one step of an exchange on a thread that may block.
    private func run(_ exchange: Exchange, _ step: @escaping @Sendable (SASLServerExchange) -> SASLServerAnswer) {
        state = .working(exchange)
        let sasl = exchange.sasl
        work(for: exchange) {
            step(sasl)
        } then: { [self] result in
            switch result {
            case .success(let answer): stepped(answer, exchange)
            // The process ends, and with it its threads.
            case .failure: stepped(.failed(.temporary("postern-auth ends")), exchange)
            }
        }
    }

    /// What comes of it counts only where the exchange is still wanted.
    private func work<Value: Sendable>(
        for exchange: Exchange, _ body: @escaping @Sendable () throws -> Value, then: @escaping (Result<Value, any Error>) -> Void
    ) {
        auth.threads.runIfActive(eventLoop: auth.eventLoop, body).assumeIsolated().whenComplete { result in
            if !exchange.isCancelled { then(result) }
        }
    }

    private func stepped(_ answer: SASLServerAnswer, _ exchange: Exchange) {
        let client = exchange.facts.clientAddress
        let name = exchange.sasl.loginName?.key
        switch answer {
        case .challenge(let message):
            state = .waiting(exchange)
            self.answer(.challenge(ByteBuffer(bytes: message)), isLast: false)
        case .succeeded(let identity):
            // What is guessed right from where it is being guessed at is no proof.
            let account = name ?? identity.loginName
            if isLocked(exchange, account: account) { return }
            auth.throttle.recordSuccess(from: client, account: account, now: .now())
            issueToken(identity, exchange)
        case .failed(let failure) where failure.isGuess:
            // The same as a right one would get: who is locked learns nothing.
            if isLocked(exchange, account: name) { return }
            let penalty = auth.throttle.recordFailure(from: client, account: name, now: .now())
            refuse(exchange, failure.reply, after: penalty.wait, reason: "\(failure)", penalty)
        case .failed(let failure):
            refuse(exchange, failure.reply, after: .zero, reason: "\(failure)")
        }
    }

    /// Refuses an exchange that is in vain, right or wrong.
    private func isLocked(_ exchange: Exchange, account: String?) -> Bool {
        guard case .refuse(let scope, _, let wait) = auth.throttle.admit(from: exchange.facts.clientAddress, account: account, now: .now())
        else { return false }
        refuse(exchange, Self.locked, after: wait, reason: "locked (\(scope))")
        return true
    }

    private func issueToken(_ identity: AuthenticatedIdentity, _ exchange: Exchange) {
        let (accounts, facts) = (auth.accounts, exchange.facts)
        work(for: exchange) {
            try accounts.issueToken(for: identity.loginName, facts, identity.mechanism)
        } then: { [self] result in
            switch result {
            case .success(.issued(let token, let account)): answer(.succeeded(token, account: account))
            case .success(.noSuchAccount): stepped(.failed(.unknownAccount), exchange)
            case .failure(let error): stepped(.failed(.temporary("\(error)")), exchange)
            }
        }
    }

    /// One line for each failure: fail2ban reads it (`topology/single-host/fail2ban`).
    private func refuse(
        _ exchange: Exchange, _ reply: Reply, after wait: Duration, reason: String, _ penalty: LoginThrottle.Penalty? = nil
    ) {
        let (facts, sasl) = (exchange.facts, exchange.sasl)
        var metadata: Logger.Metadata = [
            "client": "\(facts.clientAddress)", "login": "\(sasl.loginName?.key ?? "")", "mechanism": "\(sasl.mechanism.rawValue)",
            "virtual_server": "\(facts.virtualServer)", "tls": "\(facts.isSecure)", "reason": "\(reason)",
        ]
        if let penalty { metadata["failures"] = "\(max(penalty.failuresOfAddress, penalty.failuresOfAccount))" }
        if let penalty, !penalty.locks.isEmpty {
            metadata["locks"] = "\(penalty.locks.map { "\($0)" }.sorted().joined(separator: " "))"
        }
        auth.log.notice("login failed", metadata: metadata)
        guard wait > .zero else { return answer(.failed(reply)) }
        state = .working(exchange)
        auth.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(wait)) { [self] in
            guard !exchange.isCancelled else { return }
            answer(.failed(reply))
        }
    }

    private func answer(_ response: LoginLink.Response, isLast: Bool = true) {
        if isLast { state = .idle }
        connection.send(response)
        connection.flush()
    }

    private func cancel() {
        switch state {
        case .idle: break
        case .waiting(let exchange), .working(let exchange): exchange.isCancelled = true
        }
        state = .idle
    }

    private static let unavailable = Reply(454, "4.7.0", "Logging in is not possible at the moment, try again later")
    private static let locked = Reply(454, "4.7.0", "Too many failed logins, try again later")
}
