import CoreLink
import MailVocabulary
import NIOCore
import Topology

/// The AUTH exchanges of one event loop's sessions, out of a pool that all clients share: so many at once, of one client network at most its
/// share, and where all places are taken, the exchange that has been idle longest makes room. Confined to its event loop.
public final class LoginExchanges {
    /// At once, over all event loops. The connections to `postern-auth` are a few more, so that no exchange waits for one.
    public static let capacity = 1000
    /// An exchange in which something happened within this time does not make room.
    public static let protection = Duration.seconds(3)

    /// The connections to `postern-auth`.
    public let links: LinkPool<LoginLink>
    /// Those that nobody can log in with at present, as the core says: no client is offered them.
    public var mechanismsOff: Set<SASLMechanism> = []
    private let part: CrossLoopPool.Part
    private let silence: TimeAmount

    /// Those of all event loops.
    ///
    /// - Parameters:
    ///   - capacity: exchanges at once.
    ///   - protection: how long an exchange is safe after something has happened in it.
    public static func pool(
        budgets: BudgetSettings, capacity: Int = LoginExchanges.capacity, protection: Duration = LoginExchanges.protection
    ) -> CrossLoopPool {
        CrossLoopPool(capacity: capacity, budgets: budgets, protection: protection)
    }

    /// On the event loop of the links.
    ///
    /// - Parameters:
    ///   - pool: as ``pool(budgets:capacity:protection:)`` makes it.
    ///   - silence: how long a client may take to answer a challenge.
    public init(links: LinkPool<LoginLink>, in pool: CrossLoopPool, silence: TimeAmount = LoginExchange.longestSilence) {
        (self.links, self.silence) = (links, silence)
        part = pool.part(on: links.eventLoop)
    }

    /// Begins an exchange.
    ///
    /// - Returns: nil where there is no place for it; the reply that says so has been given as the answer.
    func begin(
        _ facts: LoginFacts, _ mechanism: SASLMechanism, initialResponse: [UInt8]?, answer: @escaping (LoginExchange.Answer) -> Void
    ) -> LoginExchange? {
        var exchange: LoginExchange?
        let place: CrossLoopPool.Place
        switch part.admit(from: ClientNetwork(facts.clientAddress), end: { exchange?.giveWay() }) {
        case .admitted(let admitted): place = admitted
        case .networkIsOverLimit:
            answer(.failed(Reply(454, "4.7.0", "Too many logins at once from your network, try again later"), isOwn: true))
            return nil
        case .full:
            answer(.failed(Reply(454, "4.7.0", "Too many logins at once, try again later"), isOwn: true))
            return nil
        }
        exchange = LoginExchange(
            pool: links, facts: facts, mechanism: mechanism, initialResponse: initialResponse, silence: silence,
            onUse: { [part] in part.used(place) }, onEnd: { [part] in part.leave(place) }, answer: answer)
        return exchange
    }
}
