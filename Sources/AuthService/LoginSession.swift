import Authentication
import CoreLink
import Logging
import MailVocabulary
import NIOCore

/// One connection of the submission server: one exchange after another. Confined to its event loop; what blocks runs on pools of threads.
///
/// The core admits each exchange, and hears how it ends: what failures cost is kept there, where no stranger's octets are read. A front end
/// that says what it may not say at that point loses its connection.
final class LoginSession {
    typealias Connection = LinkChannel<LoginLink.Request, LoginLink.Response>

    private enum State {
        case idle
        /// The exchange waits for the client's answer to a challenge.
        case waiting(Exchange)
        /// The core is asked, a thread works on it, or its refusal is being delayed.
        case working(Exchange)
    }

    private final class Exchange {
        let facts: LoginFacts
        let number: AuthenticationLink.ExchangeID
        let sasl: SASLServerExchange
        /// When the client's last message came: a refusal is timed from then on, whatever there was to do in between.
        var messageCame = NIODeadline.now()
        var isCancelled = false
        /// The core has admitted it, and has not heard of its end.
        var isOpen = false

        init(facts: LoginFacts, number: AuthenticationLink.ExchangeID, sasl: SASLServerExchange) {
            (self.facts, self.number, self.sasl) = (facts, number, sasl)
        }
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
            exchange.messageCame = .now()
            auth.core.tell(.reading(exchange.number, true))
            let response = Array(message.readableBytesView)
            run(exchange) { $0.step(response) }
        case (.cancel, .waiting), (.cancel, .working): cancel()
        case (.cancel, .idle): break
        default:
            auth.log.warning("the submission server broke the protocol; its connection is closed")
            connection.close()
        }
    }

    // MARK: The exchange

    private func begin(_ facts: LoginFacts, _ mechanism: SASLMechanism, _ initialResponse: ByteBuffer?) {
        guard let server = auth.server(named: facts.virtualServer) else {
            auth.log.warning("nobody can log in there at the moment", metadata: ["virtual_server": "\(facts.virtualServer)"])
            return answer(.failed(Self.unavailable))
        }
        let number = auth.core.nextExchange()
        let sasl = server.exchange(
            mechanism, facts: .init(hostname: auth.hostname, isEncrypted: facts.isSecure),
            source: ExchangeAccounts(auth.core, exchange: number))
        let exchange = Exchange(facts: facts, number: number, sasl: sasl)
        state = .working(exchange)
        let response = initialResponse.map { Array($0.readableBytesView) }
        auth.core.ask(.begin(number, facts, mechanism), in: number) { [self] result in
            switch result {
            case .success(.admitted):
                exchange.isOpen = true
                if exchange.isCancelled { return end(exchange) }
                run(exchange) { $0.begin(response) }
            case .success(.locked(_, let scope, let wait)): refuse(exchange, Self.locked, after: wait, reason: "locked (\(scope))")
            case .success(.refused(_, let refusal)): refuse(exchange, refusal.reply, after: Self.refusalDelay, reason: "\(refusal)")
            case .success: refuse(exchange, Self.unavailable, after: .zero, reason: "the core answered something else")
            case .failure(let error): refuse(exchange, Self.unavailable, after: .zero, reason: error.reason)
            }
        }
    }

    /// Does one step of an exchange on a thread that may block.
    private func run(_ exchange: Exchange, _ step: @escaping @Sendable (SASLServerExchange) -> SASLServerAnswer) {
        state = .working(exchange)
        let sasl = exchange.sasl
        if sasl.waitsForOthers { return runOutside(exchange, step) }
        auth.threads.runIfActive(eventLoop: auth.eventLoop) { step(sasl) }.assumeIsolated().whenComplete { [self] in
            finished($0, exchange)
        }
    }

    /// Does a step in which another system is asked.
    private func runOutside(_ exchange: Exchange, _ step: @escaping @Sendable (SASLServerExchange) -> SASLServerAnswer) {
        let sasl = exchange.sasl
        let network = ClientNetwork(exchange.facts.clientAddress)
        let isIn = auth.outside.run(for: network, { step(sasl) }, then: { [self] in finished($0, exchange) })
        if !isIn { finished(.success(.failed(.temporary("too many logins wait for another system"))), exchange) }
    }

    /// What comes of it counts only where the exchange is still wanted.
    private func finished(_ result: Result<SASLServerAnswer, any Error>, _ exchange: Exchange) {
        guard !exchange.isCancelled else { return end(exchange) }
        switch result {
        case .success(let answer): stepped(answer, exchange)
        // The process ends, and with it its threads.
        case .failure: stepped(.failed(.temporary("postern-auth ends")), exchange)
        }
    }

    private func stepped(_ answer: SASLServerAnswer, _ exchange: Exchange) {
        switch answer {
        case .challenge(let message):
            auth.core.tell(.reading(exchange.number, false))
            state = .waiting(exchange)
            self.answer(.challenge(ByteBuffer(bytes: message)), isLast: false)
        case .waitsForOthers:
            auth.core.tell(.reading(exchange.number, false))
            runOutside(exchange) { $0.askOthers() }
        case .needsDerivation: derive(exchange)
        case .succeeded(let identity): succeeded(identity, exchange)
        case .failed(let failure): failed(failure, exchange)
        }
    }

    /// Has the keys of a password derived, when it is its turn.
    private func derive(_ exchange: Exchange) {
        auth.core.tell(.reading(exchange.number, false))
        let (sasl, network) = (exchange.sasl, ClientNetwork(exchange.facts.clientAddress))
        let isIn = auth.derivations.run(for: network, { sasl.derive() }, then: { [self] in finished($0, exchange) })
        if !isIn { finished(.success(.failed(.temporary("too many passwords wait to be checked"))), exchange) }
    }

    // MARK: Its end

    private func succeeded(_ identity: AuthenticatedIdentity, _ exchange: Exchange) {
        let request = AuthenticationLink.Request.succeeded(
            exchange.number, loginName: identity.loginName, key: exchange.sasl.loginName?.key)
        auth.core.ask(request, in: exchange.number) { [self] result in
            switch result {
            case .success(.issued(_, let token, let account)):
                exchange.isOpen = false
                // A token that nobody takes ends by itself.
                if !exchange.isCancelled { answer(.succeeded(token, account: account)) }
            case .success(.locked(_, let scope, let wait)):
                exchange.isOpen = false
                refuse(exchange, Self.locked, after: wait, reason: "locked (\(scope))")
            case .success(.refused(_, .noSuchAccount)): failed(.unknownAccount, exchange)
            case .success(.refused(_, let refusal)): failed(.temporary("the core refuses: \(refusal)"), exchange)
            case .success: failed(.temporary("the core answered something else"), exchange)
            case .failure(let error): failed(.temporary(error.reason), exchange)
            }
        }
    }

    private func failed(_ failure: AuthenticationFailure, _ exchange: Exchange) {
        let request = AuthenticationLink.Request.failed(exchange.number, key: exchange.sasl.loginName?.key, failure.counted)
        auth.core.ask(request, in: exchange.number) { [self] result in
            exchange.isOpen = false
            switch result {
            case .success(.penalty(_, let penalty)):
                refuse(exchange, failure.reply, after: penalty.wait, reason: "\(failure)", failure.counted == .guess ? penalty : nil)
            case .success(.locked(_, let scope, let wait)): refuse(exchange, Self.locked, after: wait, reason: "locked (\(scope))")
            // It has been counted with the connection's end, or is not: what it was does not matter any more.
            case .success, .failure: refuse(exchange, failure.reply, after: Self.refusalDelay, reason: "\(failure)")
            }
        }
    }

    /// One line for each failure: fail2ban reads it (`topology/single-host/fail2ban`).
    private func refuse(_ exchange: Exchange, _ reply: Reply, after wait: Duration, reason: String, _ penalty: LoginPenalty? = nil) {
        let (facts, sasl) = (exchange.facts, exchange.sasl)
        var metadata: Logger.Metadata = [
            "client": "\(facts.clientAddress)", "login": "\(sasl.loggedName)", "mechanism": "\(sasl.mechanism.rawValue)",
            "virtual_server": "\(facts.virtualServer)", "tls": "\(facts.isSecure)", "reason": "\(reason)",
        ]
        if let penalty, penalty.failures > 0 { metadata["failures"] = "\(penalty.failures)" }
        if let penalty, !penalty.locks.isEmpty {
            metadata["locks"] = "\(penalty.locks.map { "\($0)" }.sorted().joined(separator: " "))"
        }
        auth.log.notice("login failed", metadata: metadata)
        guard !exchange.isCancelled else { return }
        state = .working(exchange)
        auth.eventLoop.assumeIsolated().scheduleTask(deadline: RefusalTime.of(exchange.messageCame, wait: wait, now: .now())) { [self] in
            guard !exchange.isCancelled else { return }
            answer(.failed(reply))
        }
    }

    private func answer(_ response: LoginLink.Response, isLast: Bool = true) {
        if isLast { state = .idle }
        connection.send(response)
        connection.flush()
    }

    /// The client gave up, or is gone. What a thread still reads stays with the core until it has been read: the process may die of it.
    private func cancel() {
        switch state {
        case .idle: break
        case .waiting(let exchange):
            exchange.isCancelled = true
            end(exchange)
        case .working(let exchange):
            exchange.isCancelled = true
            if auth.isStopping { end(exchange) }
        }
        state = .idle
    }

    private func end(_ exchange: Exchange) {
        guard exchange.isOpen else { return }
        exchange.isOpen = false
        auth.core.tell(.cancelled(exchange.number))
    }

    static let unavailable = Reply(454, "4.7.0", "Logging in is not possible at the moment, try again later")
    private static let locked = Reply(454, "4.7.0", "Too many failed logins, try again later")
    /// Of refusals that the core sets no wait for.
    private static let refusalDelay = Duration.seconds(1)
}

extension AuthenticationLink.Refusal {
    /// What the client is told.
    fileprivate var reply: Reply {
        switch self {
        case .tooManyFromNetwork: Reply(454, "4.7.0", "Too many logins from your network, try again later")
        case .mechanismIsOff: Reply(504, "5.5.4", "This authentication mechanism is switched off for now, use another one")
        case .notOffered: AuthenticationFailure.mechanismNotAvailable.reply
        case .tooMany, .unavailable, .noSuchAccount, .outOfOrder: LoginSession.unavailable
        }
    }
}

extension AuthenticationFailure {
    /// As what it is counted.
    fileprivate var counted: LoginFailure {
        if isGuess { return .guess }
        if case .temporary = self { return .temporary }
        return .notTried
    }
}
