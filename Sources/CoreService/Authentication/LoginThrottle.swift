import ClientBudgets
import CoreLink
import MailVocabulary
import Topology

/// What failed logins cost, counted per client address and per account. A value without a clock: time comes in.
///
/// Three things are counted, each in a table of bounded size:
///
/// - the *address* (of IPv6 the /64, which is what one customer has), whatever accounts were tried from it: it guesses at many;
/// - the *account*, wherever from: it is guessed at by many;
/// - the *pair* of both. A lock on an account holds only for the addresses from which failures came, so that nobody can lock its
///   owner out from elsewhere. And a lock on an address leaves alone a pair that has logged in, so that one phone with an old
///   password does not lock out the office behind the same address.
///
/// Only refusals are delayed, and by at most `maximumDelay`; a right password is never. Names that nobody has are counted as others are.
struct LoginThrottle: Sendable {
    /// Bounds and times. The tables take about 200 octets an entry.
    struct Settings: Hashable, Sendable {
        /// Before the first refusal is said; it doubles up to `maximumDelay`.
        let delay: Duration
        let maximumDelay: Duration
        /// So many failures lock; nil never locks.
        let lockAfter: Int?
        /// How long a lock holds, and after how long without a failure the count starts anew.
        let lockFor: Duration
        /// Entries of each table; beyond, what had no failure for longest is forgotten.
        let capacity: Int

        init(
            delay: Duration = .seconds(1), maximumDelay: Duration = .seconds(3), lockAfter: Int? = 20,
            lockFor: Duration = .seconds(600), capacity: Int = 50_000
        ) {
            (self.delay, self.maximumDelay, self.lockAfter, self.lockFor) = (delay, maximumDelay, lockAfter, lockFor)
            self.capacity = capacity
        }
    }

    /// Whether an attempt may be checked.
    enum Admission: Hashable, Sendable {
        case proceed
        /// It is refused without being checked, after `wait`: more attempts are in vain until `until`.
        case refuse(LockScope, until: Timestamp, wait: Duration)
    }

    /// What a failure costs.
    struct Penalty: Hashable, Sendable {
        /// How long to wait before the refusal is said.
        let wait: Duration
        /// Failures of the address, and of the account, that count at present; this one among them.
        let failuresOfAddress: Int
        let failuresOfAccount: Int
        /// What this failure has locked; empty for most.
        let locks: Set<LockScope>
    }

    private struct Count: Sendable {
        var failures = 0
        var last = Timestamp(microseconds: 0)
        var lockedUntil: Timestamp?
    }

    private struct Pair: Hashable, Sendable {
        let address: ClientNetwork
        let account: String
    }

    private struct PairState: Sendable {
        var lastFailure: Timestamp?
        /// The last attempt of this pair that was decided was right.
        var hasLoggedIn = false
    }

    private(set) var settings: Settings
    private var addresses: BoundedTable<ClientNetwork, Count>
    private var accounts: BoundedTable<String, Count>
    private var pairs: BoundedTable<Pair, PairState>
    /// Addresses that somebody has logged in from.
    private var origins: BoundedTable<ClientNetwork, Bool>

    init(settings: Settings = Settings()) {
        self.settings = settings
        addresses = BoundedTable(capacity: settings.capacity)
        accounts = BoundedTable(capacity: settings.capacity)
        pairs = BoundedTable(capacity: settings.capacity)
        origins = BoundedTable(capacity: settings.capacity)
    }

    /// Takes other settings, as after a reload; what was counted stays.
    mutating func adopt(_ new: Settings) {
        if new.capacity == settings.capacity { settings = new } else { self = LoginThrottle(settings: new) }
    }

    /// Entries in all tables.
    var entryCount: Int { addresses.count + accounts.count + pairs.count + origins.count }

    /// Asked before anything is checked, and once more when the name is known, before it is said what came of it.
    ///
    /// - Parameters:
    ///   - account: the name's key (`LoginName.key`); nil where the mechanism has not told it yet. Then a lock on the address lets in
    ///     where somebody has logged in from, as it may be the same one again.
    ///   - now: should the clock be set back, no lock grows beyond `lockFor`.
    func admit(from client: IPAddress, account: String?, now: Timestamp) -> Admission {
        let address = ClientNetwork(client)
        let pair = account.flatMap { pairs.value(Pair(address: address, account: $0)) }
        let isKnown = account == nil ? origins.value(address) == true : pair?.hasLoggedIn == true
        if let until = lock(of: addresses.value(address), now: now), !isKnown {
            return .refuse(.address, until: until, wait: settings.maximumDelay)
        }
        if let account, let until = lock(of: accounts.value(account), now: now), let failure = pair?.lastFailure,
            isRecent(failure, now: now)
        {
            return .refuse(.account, until: until, wait: settings.maximumDelay)
        }
        return .proceed
    }

    /// Counts a failure: wrong credentials, an unknown name, octets that are no message of the mechanism; and, without the account, what this
    /// system failed at.
    ///
    /// - Parameters:
    ///   - account: nil where the exchange ended before the name was known, or where who has that name has no part in it.
    ///   - canLock: false for what is no guess: it adds to the delay, and does not lock by itself.
    mutating func recordFailure(from client: IPAddress, account: String?, canLock: Bool = true, now: Timestamp) -> Penalty {
        let address = ClientNetwork(client)
        var locks: Set<LockScope> = []
        let ofAddress = counted(addresses.value(address), canLock, now: now)
        addresses.set(ofAddress.count, for: address)
        if ofAddress.locks { locks.insert(.address) }
        var failuresOfAccount = 0
        if let account {
            let ofAccount = counted(accounts.value(account), canLock, now: now)
            accounts.set(ofAccount.count, for: account)
            if ofAccount.locks { locks.insert(.account) }
            failuresOfAccount = ofAccount.count.failures
            pairs.set(PairState(lastFailure: now), for: Pair(address: address, account: account))
        }
        return Penalty(
            wait: delay(after: max(ofAddress.count.failures, failuresOfAccount)), failuresOfAddress: ofAddress.count.failures,
            failuresOfAccount: failuresOfAccount, locks: locks)
    }

    /// Notes that a login was right. The counts of address and account stay: who guesses may have an account of his own here.
    mutating func recordSuccess(from client: IPAddress, account: String, now: Timestamp) {
        let address = ClientNetwork(client)
        pairs.set(PairState(hasLoggedIn: true), for: Pair(address: address, account: account))
        origins.set(true, for: address)
    }

    // MARK: Internals

    private func counted(_ before: Count?, _ canLock: Bool, now: Timestamp) -> (count: Count, locks: Bool) {
        var count = before ?? Count()
        let lockIsOver = count.lockedUntil != nil && lock(of: count, now: now) == nil
        if lockIsOver || !isRecent(count.last, now: now) { count = Count() }
        count.failures += 1
        count.last = now
        guard canLock, let lockAfter = settings.lockAfter, count.failures >= lockAfter, count.lockedUntil == nil else {
            return (count, false)
        }
        count.lockedUntil = now + settings.lockFor
        return (count, true)
    }

    private func lock(of count: Count?, now: Timestamp) -> Timestamp? {
        guard let until = count?.lockedUntil, now < until, until - now <= settings.lockFor else { return nil }
        return until
    }

    private func isRecent(_ moment: Timestamp, now: Timestamp) -> Bool { now - moment < settings.lockFor }

    private func delay(after failures: Int) -> Duration {
        guard failures > 0 else { return .zero }
        // Beyond 2^20 every delay of a microsecond or more is over any sensible maximum.
        return min(settings.delay * (1 << min(failures - 1, 20)), settings.maximumDelay)
    }
}

extension LoginThrottle.Settings {
    init(_ failures: Identity.Failures) {
        self.init(delay: failures.delay, maximumDelay: failures.maximumDelay, lockAfter: failures.lockAfter, lockFor: failures.lockFor)
    }
}
