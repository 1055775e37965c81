import CoreLink
import MailVocabulary
import NIOCore

/// One AUTH exchange of a session with `postern-auth`: opaque octets both ways. Confined to its event loop.
///
/// Whatever happens to `postern-auth`, each message of the client gets one answer: its own, or `454 4.7.0`.
final class LoginExchange {
    enum Answer {
        case challenge([UInt8])
        case succeeded(SessionToken, account: EmailAddress)
        case failed(Reply)
    }

    private let pool: LinkPool<LoginLink>
    private let answer: (Answer) -> Void
    private var client: LinkClient<LoginLink>?
    private var hasEnded = false
    private var isAnswerDue = true
    private var deadline: Scheduled<Void>?

    static let unavailable = Reply(454, "4.7.0", "Logging in is not possible at the moment, try again later")

    /// Begins the exchange.
    init(
        pool: LinkPool<LoginLink>, facts: LoginFacts, mechanism: SASLMechanism, initialResponse: [UInt8]?,
        answer: @escaping (Answer) -> Void
    ) {
        (self.pool, self.answer) = (pool, answer)
        limitWait()
        pool.acquire { [self] result in
            switch result {
            case .failure: lost()
            case .success(let client) where hasEnded: pool.release(client)
            case .success(let client):
                self.client = client
                client.connection.onMessage = { [self] in received($0) }
                client.connection.onClosed = { [self] _ in lost() }
                send(.begin(facts, mechanism, initialResponse: initialResponse.map { ByteBuffer(bytes: $0) }))
            }
        }
    }

    /// The client's answer to the last challenge.
    func respond(_ message: [UInt8]) {
        guard !hasEnded else { return answer(.failed(Self.unavailable)) }
        isAnswerDue = true
        limitWait()
        send(.respond(ByteBuffer(bytes: message)))
    }

    /// The client gave up, or is gone: no answer is passed on any more.
    func cancel() {
        guard !hasEnded else { return }
        end()
        guard let client else { return }
        self.client = nil
        // An answer that is on its way must not get into the next exchange.
        guard !isAnswerDue else { return pool.discard(client) }
        client.connection.send(.cancel)
        client.connection.flush()
        pool.release(client)
    }

    private func send(_ request: LoginLink.Request) {
        client?.connection.send(request)
        client?.connection.flush()
    }

    private func received(_ response: LoginLink.Response) {
        guard isAnswerDue, let client else { return lost() }
        isAnswerDue = false
        deadline?.cancel()
        if case .challenge(let message) = response { return answer(.challenge(Array(message.readableBytesView))) }
        end()
        self.client = nil
        pool.release(client)
        switch response {
        case .succeeded(let token, let account): answer(.succeeded(token, account: account))
        case .failed(let reply): answer(.failed(reply))
        case .challenge: break
        }
    }

    /// `postern-auth` cannot be reached, or went away.
    private func lost() {
        guard !hasEnded else { return }
        end()
        if let client {
            self.client = nil
            pool.discard(client)
        }
        if isAnswerDue { answer(.failed(Self.unavailable)) }
    }

    private func end() {
        hasEnded = true
        deadline?.cancel()
    }

    /// A wrong password takes its time to be refused; a directory service that hangs must not hold the client for ever.
    private func limitWait() {
        deadline?.cancel()
        deadline = pool.eventLoop.assumeIsolated().scheduleTask(in: Self.longestWait) { [weak self] in
            guard let self, isAnswerDue else { return }
            lost()
        }
    }

    private static let longestWait = TimeAmount.seconds(60)
}
