import ClientBudgets
import CoreLink
import MailVocabulary
import NIOCore
import Topology

/// The AUTH exchanges of a front end, as one pool that all its clients share: so many at once, of one client network at most its share, and
/// where all places are taken, the exchange that has been idle longest makes room. Confined to its event loop.
public final class LoginExchanges {
    /// At once. The connections to `postern-auth` are a few more, so that no exchange waits for one.
    public static let capacity = 1000
    /// An exchange in which something happened within this time does not make room.
    public static let protection = Duration.seconds(3)

    /// The connections to `postern-auth`.
    public let links: LinkPool<LoginLink>
    /// Those that nobody can log in with at present, as the core says: no client is offered them.
    public var mechanismsOff: Set<SASLMechanism> = []
    private var pool: SharedPool<UInt64>
    private var exchanges: [UInt64: LoginExchange] = [:]
    private var lastNumber: UInt64 = 0
    private let capacity: Int
    private let silence: TimeAmount
    private let began = NIODeadline.now()

    /// - Parameters:
    ///   - capacity: exchanges at once.
    ///   - protection: how long an exchange is safe after something has happened in it.
    ///   - silence: how long a client may take to answer a challenge.
    public init(
        links: LinkPool<LoginLink>, budgets: BudgetSettings, capacity: Int = LoginExchanges.capacity,
        protection: Duration = LoginExchanges.protection, silence: TimeAmount = LoginExchange.longestSilence
    ) {
        (self.links, self.capacity, self.silence) = (links, capacity, silence)
        pool = SharedPool(capacity: capacity, budgets: budgets, protection: protection)
    }

    var count: Int { pool.count }

    /// Other shares, as after a reload; what is under way goes on.
    public func adopt(_ budgets: BudgetSettings) {
        pool = SharedPool(pool, capacity: capacity, budgets: budgets)
    }

    /// Begins an exchange.
    ///
    /// - Returns: nil where there is no place for it; the reply that says so has been given as the answer.
    func begin(
        _ facts: LoginFacts, _ mechanism: SASLMechanism, initialResponse: [UInt8]?, answer: @escaping (LoginExchange.Answer) -> Void
    ) -> LoginExchange? {
        lastNumber += 1
        let number = lastNumber
        switch pool.admit(number, from: ClientNetwork(facts.clientAddress), at: now) {
        case .admitted: break
        case .admittedInPlaceOf(let other): exchanges.removeValue(forKey: other)?.giveWay()
        case .networkIsOverLimit:
            answer(.failed(Reply(454, "4.7.0", "Too many logins at once from your network, try again later")))
            return nil
        case .full:
            answer(.failed(Reply(454, "4.7.0", "Too many logins at once, try again later")))
            return nil
        }
        var hasEnded = false
        let exchange = LoginExchange(
            pool: links, facts: facts, mechanism: mechanism, initialResponse: initialResponse, silence: silence,
            onUse: { [weak self] in
                guard let self else { return }
                pool.used(number, at: now)
            },
            onEnd: { [weak self] in
                hasEnded = true
                self?.pool.remove(number)
                self?.exchanges[number] = nil
            }, answer: answer)
        if !hasEnded { exchanges[number] = exchange }
        return exchange
    }

    private var now: Duration { .nanoseconds((NIODeadline.now() - began).nanoseconds) }
}
