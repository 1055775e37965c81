import ClientBudgets
import CoreLink
import MailVocabulary
import NIOCore

/// The sessions that are logged in, by their tokens (law 3). A value, confined to the core's event loop; a restart of the core forgets
/// them all, and their clients log in again. So does the end of the connection that they were issued over: a `postern-auth` that was taken
/// over leaves nothing behind.
///
/// Bounded in time, and in number: in all, for each account, and for each connection of `postern-auth`. Where one of them is full, what was
/// used longest ago makes room, so that nobody who logs in is refused because of others.
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

    /// The connection that tokens were issued over.
    struct Issuer: Hashable {
        let number: UInt64
    }

    struct Limits: Hashable {
        var tokens = 100_000
        var perIssuer = 50_000
        var perAccount = 100
    }

    /// How long a token stays good without a transaction. An SMTP session that is silent ends long before (S02).
    static let idleLife = TimeAmount.hours(1)
    /// How long it stays good at all.
    static let longestLife = TimeAmount.hours(24)

    private let limits: Limits
    private var issuers: [SessionToken: Issuer] = [:]
    private var tables: [Issuer: BoundedTable<SessionToken, Session>] = [:]
    /// The tokens of each account, those issued longest ago first.
    private var ofAccount: [EmailAddress: [SessionToken]] = [:]
    private var issuerCount: UInt64 = 0

    init(limits: Limits = Limits()) { self.limits = limits }

    var count: Int { issuers.count }

    mutating func newIssuer() -> Issuer {
        issuerCount += 1
        return Issuer(number: issuerCount)
    }

    mutating func issue(
        _ account: EmailAddress, loginKey: String, mechanism: SASLMechanism, virtualServer: String, by issuer: Issuer, now: NIODeadline
    ) -> SessionToken {
        if let own = ofAccount[account], own.count >= limits.perAccount, let oldest = own.first { forget(oldest) }
        if let oldest = oldest(of: issuer, havingAtLeast: limits.perIssuer) { forget(oldest) }
        if count >= limits.tokens, let largest = tables.max(by: { $0.value.count < $1.value.count })?.key,
            let oldest = oldest(of: largest, havingAtLeast: 1)
        {
            forget(oldest)
        }
        let token = SessionToken.random()
        issuers[token] = issuer
        tables[issuer, default: BoundedTable(capacity: .max)].set(
            Session(
                account: account, loginKey: loginKey, mechanism: mechanism, virtualServer: virtualServer, lastUse: now,
                end: now + Self.longestLife), for: token)
        ofAccount[account, default: []].append(token)
        return token
    }

    /// A function of its own, so that no copy of the table is held when the token is taken out of it.
    private func oldest(of issuer: Issuer, havingAtLeast count: Int) -> SessionToken? {
        guard let table = tables[issuer], table.count >= count else { return nil }
        return table.oldestEntry?.key
    }

    /// Whose session it is; nil where the token is none of ours, has ended, or belongs to another virtual server.
    mutating func use(_ token: SessionToken, virtualServer: String, now: NIODeadline) -> Session? {
        guard let issuer = issuers[token], var session = tables[issuer]?.value(token), session.virtualServer == virtualServer else {
            return nil
        }
        guard !session.hasExpired(now) else {
            forget(token)
            return nil
        }
        session.lastUse = now
        tables[issuer]?.set(session, for: token)
        return session
    }

    mutating func forget(_ token: SessionToken) {
        guard let issuer = issuers.removeValue(forKey: token), let session = tables[issuer]?.value(token) else { return }
        tables[issuer]?.remove(token)
        if tables[issuer]?.count == 0 { tables[issuer] = nil }
        let others = (ofAccount[session.account] ?? []).filter { $0 != token }
        ofAccount[session.account] = others.isEmpty ? nil : others
    }

    /// Nobody is logged in with this account any more: it was removed.
    mutating func forget(account: EmailAddress) {
        for token in ofAccount[account] ?? [] { forget(token) }
    }

    /// Nobody is logged in with this credential any more: it was revoked, or its password changed.
    mutating func forget(loginKey: String) {
        forget { $0.loginKey == loginKey }
    }

    /// The connection that they were issued over has ended.
    ///
    /// - Returns: how many tokens have ended with it.
    mutating func forget(issuedBy issuer: Issuer) -> Int {
        guard let count = tables[issuer]?.count else { return 0 }
        for (token, by) in issuers where by == issuer { forget(token) }
        return count
    }

    private mutating func forget(where isMeant: (Session) -> Bool) {
        for (token, issuer) in issuers {
            if let session = tables[issuer]?.value(token), isMeant(session) { forget(token) }
        }
    }
}

extension SessionTokens.Session {
    fileprivate func hasExpired(_ now: NIODeadline) -> Bool { now >= end || now - lastUse >= SessionTokens.idleLife }
}
