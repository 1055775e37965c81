import CoreLink
import MailVocabulary
import NIOCore

/// The sessions that are logged in, by their tokens (law 3). A value, confined to the core's event loop; a restart of the core forgets
/// them all, and their clients log in again.
///
/// Bounded in number and in time: a submission server that forgets nothing by itself cannot make it grow, nor keep an account for ever.
struct SessionTokens {
    struct Session: Hashable {
        let account: EmailAddress
        /// The spelling that the directory compares by.
        let loginKey: String
        let mechanism: SASLMechanism
        let virtualServer: String
        fileprivate var lastUse: NIODeadline
        fileprivate let end: NIODeadline
    }

    /// How long a token stays good without a transaction. An SMTP session that is silent ends long before (S02).
    static let idleLife = TimeAmount.hours(1)
    /// How long it stays good at all.
    static let longestLife = TimeAmount.hours(24)
    static let mostTokens = 100_000

    private var sessions: [SessionToken: Session] = [:]
    private let capacity: Int

    init(capacity: Int = SessionTokens.mostTokens) { self.capacity = capacity }

    var count: Int { sessions.count }

    /// - Returns: nil where there are as many as there may be.
    mutating func issue(
        _ account: EmailAddress, loginKey: String, mechanism: SASLMechanism, virtualServer: String, now: NIODeadline
    ) -> SessionToken? {
        if sessions.count >= capacity { removeExpired(now) }
        guard sessions.count < capacity else { return nil }
        let token = SessionToken.random()
        sessions[token] = Session(
            account: account, loginKey: loginKey, mechanism: mechanism, virtualServer: virtualServer, lastUse: now,
            end: now + Self.longestLife)
        return token
    }

    /// Whose session it is; nil where the token is none of ours, has ended, or belongs to another virtual server.
    mutating func use(_ token: SessionToken, virtualServer: String, now: NIODeadline) -> Session? {
        guard var session = sessions[token], session.virtualServer == virtualServer else { return nil }
        guard !session.hasExpired(now) else {
            sessions[token] = nil
            return nil
        }
        session.lastUse = now
        sessions[token] = session
        return session
    }

    mutating func forget(_ token: SessionToken) { sessions[token] = nil }

    /// Nobody is logged in with this account any more: it was removed.
    mutating func forget(account: EmailAddress) { sessions = sessions.filter { $0.value.account != account } }

    /// Nobody is logged in with this credential any more: it was revoked, or its password changed.
    mutating func forget(loginKey: String) { sessions = sessions.filter { $0.value.loginKey != loginKey } }

    private mutating func removeExpired(_ now: NIODeadline) { sessions = sessions.filter { !$0.value.hasExpired(now) } }
}

extension SessionTokens.Session {
    fileprivate func hasExpired(_ now: NIODeadline) -> Bool { now >= end || now - lastUse >= SessionTokens.idleLife }
}
