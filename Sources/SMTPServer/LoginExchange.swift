import CoreLink
import MailVocabulary
import NIOCore

/// One AUTH exchange of a session with `postern-auth`: opaque octets both ways. Confined to its event loop.
///
/// Whatever happens to `postern-auth`, each message of the client gets one answer: its own, or `454 4.7.0`. A client that is silent for too
/// long, or whose place is needed, loses the exchange and hears of it as the answer to what it says next.
public final class LoginExchange {
    enum Answer {
        case challenge([UInt8])
        case succeeded(SessionToken, account: EmailAddress)
        /// - Parameter isOwn: the front end's own words; `postern-auth` logs its own.
        case failed(Reply, isOwn: Bool)
    }

    private let pool: LinkPool<LoginLink>
    private let silence: TimeAmount
    private let answer: (Answer) -> Void
    /// Called once, when the exchange gives up its place.
    private let onEnd: () -> Void
    /// Called when the client or `postern-auth` did something.
    private let onUse: () -> Void
    private var client: LinkClient<LoginLink>?
    private var hasEnded = false
    private var isAnswerDue = true
    private var deadline: Scheduled<Void>?

    /// What a client hears that lost its exchange.
    private var lostReply = LoginExchange.unavailable

    static let unavailable = Reply(454, "4.7.0", "Logging in is not possible at the moment, try again later")

    /// Begins the exchange.
    init(
        pool: LinkPool<LoginLink>, facts: LoginFacts, mechanism: SASLMechanism, initialResponse: [UInt8]?,
        silence: TimeAmount = LoginExchange.longestSilence, onUse: @escaping () -> Void = {}, onEnd: @escaping () -> Void = {},
        answer: @escaping (Answer) -> Void
    ) {
        (self.pool, self.silence, self.answer, self.onUse, self.onEnd) = (pool, silence, answer, onUse, onEnd)
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
        guard !hasEnded else { return answer(.failed(lostReply, isOwn: true)) }
        isAnswerDue = true
        onUse()
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
        if case .challenge(let message) = response {
            onUse()
            limitSilence()
            return answer(.challenge(Array(message.readableBytesView)))
        }
        end()
        self.client = nil
        pool.release(client)
        switch response {
        case .succeeded(let token, let account): answer(.succeeded(token, account: account))
        case .failed(let reply): answer(.failed(reply, isOwn: false))
        case .challenge: break
        }
    }

    /// Another client needs the place.
    func giveWay() {
        if isAnswerDue { lost() } else { leave(Reply(454, "4.7.0", "The login was given up for others, try again")) }
    }

    /// Ends the exchange while it is the client's turn.
    private func leave(_ reply: Reply) {
        guard !hasEnded else { return }
        lostReply = reply
        cancel()
    }

    /// `postern-auth` cannot be reached, or went away.
    private func lost() {
        guard !hasEnded else { return }
        end()
        if let client {
            self.client = nil
            pool.discard(client)
        }
        if isAnswerDue { answer(.failed(Self.unavailable, isOwn: true)) }
    }

    private func end() {
        hasEnded = true
        deadline?.cancel()
        onEnd()
    }

    /// A wrong password takes its time to be refused; a directory service that hangs must not hold the client for ever.
    private func limitWait() {
        deadline?.cancel()
        deadline = pool.eventLoop.assumeIsolated().scheduleTask(in: Self.longestWait) { [weak self] in
            guard let self, isAnswerDue else { return }
            lost()
        }
    }

    /// The client has been given a challenge: who does not answer gives up the place.
    private func limitSilence() {
        deadline = pool.eventLoop.assumeIsolated().scheduleTask(in: silence) { [weak self] in
            guard let self, !isAnswerDue else { return }
            leave(Reply(454, "4.7.0", "The login took too long, begin again"))
        }
    }

    private static let longestWait = TimeAmount.seconds(60)
    /// A program answers at once, and a ticket of Kerberos is fetched in seconds.
    public static let longestSilence = TimeAmount.seconds(30)
}
