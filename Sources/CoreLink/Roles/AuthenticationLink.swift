import MailVocabulary
import NIOCore

/// What `postern-auth` may ask of the core: to begin an exchange, what one login name is checked against, and, when the exchange is over, a
/// token for the account that has proven itself or what the failure costs. It has no way to ask for a list of accounts, and none to see mail.
///
/// All exchanges of the process go over one connection, each under a number of its own. The core counts what fails, and does so as well for
/// the exchanges that are open when the connection ends: the process died under them. Tokens end with the connection that they were issued
/// over.
public enum AuthenticationLink: LinkRole {
    public static let name = RoleName.authentication

    /// Names an exchange for as long as the connection; the auth process counts them up.
    public typealias ExchangeID = UInt64

    public enum Request: Hashable, Sendable {
        /// A client begins an exchange. Answered by `admitted`, `locked` or `refused`.
        case begin(ExchangeID, LoginFacts, SASLMechanism)
        /// From now on a C library reads what the client sent (true), or we wait for the client (false). Has no answer.
        case reading(ExchangeID, Bool)
        /// What a name is checked against; at most once in an exchange. Answered by `credential`, also for a name that nobody has, or by
        /// `refused`.
        ///
        /// - Parameter key: of the name, one for all its spellings: failures are counted by it.
        case credential(ExchangeID, loginName: String, key: String)
        /// The client has proven to be who has this login name. Ends the exchange; answered by `issued`, `locked` or `refused`.
        ///
        /// - Parameter key: of the name that the client gave, as in `credential`; nil where it gave none (Kerberos).
        case succeeded(ExchangeID, loginName: String, key: String?)
        /// The exchange has failed. Ends it; answered by `penalty` or `locked`.
        case failed(ExchangeID, key: String?, LoginFailure)
        /// The client gave up, or is gone. Ends the exchange; has no answer.
        case cancelled(ExchangeID)
        /// Answered by `decoySecret`: what the keys of names that nobody has are made from.
        case decoySecret
        /// With these mechanisms nobody can log in, whatever the client sends. Replaces what was said before, over whichever connection; has
        /// no answer.
        case unusable([UnusableMechanism])
        /// Has no answer.
        case report(DaemonReport)
    }

    public enum Response: Hashable, Sendable {
        case admitted(ExchangeID)
        case credential(ExchangeID, StoredCredential)
        case issued(ExchangeID, SessionToken, account: EmailAddress)
        case penalty(ExchangeID, LoginPenalty)
        /// Whatever was sent is in vain, right or wrong. The refusal is said after `wait`.
        case locked(ExchangeID, LockScope, wait: Duration)
        case refused(ExchangeID, Refusal)
        case decoySecret(ByteBuffer)

        /// The exchange that it answers; nil for the decoys' secret.
        public var exchange: ExchangeID? {
            switch self {
            case .admitted(let id), .credential(let id, _), .issued(let id, _, _), .penalty(let id, _), .locked(let id, _, _),
                .refused(let id, _):
                id
            case .decoySecret: nil
            }
        }
    }

    /// Why there is no answer.
    public enum Refusal: UInt8, Hashable, Sendable, CaseIterable {
        /// More logins are begun than the core takes in this time, or more are open.
        case tooMany = 1
        /// The directory cannot be read.
        case unavailable = 2
        /// The account is gone, or its credential has expired meanwhile.
        case noSuchAccount = 3
        /// The client's network begins more logins than its share.
        case tooManyFromNetwork = 4
        /// `postern-auth` has died under this mechanism repeatedly: it is switched off for a while.
        case mechanismIsOff = 5
        /// No virtual server of that name takes logins with that mechanism.
        case notOffered = 6
        /// The exchange is not open, or this was asked in it before, or it is about another name.
        case outOfOrder = 7
    }

    /// In octets.
    public static let maximumLoginName = 512
    /// Of one connection.
    public static let maximumExchanges = 4096
    /// Of an ``UnusableMechanism``, in octets.
    public static let maximumReason = 512
}

/// A mechanism that is configured and that nobody can log in with: what it needs is missing.
public struct UnusableMechanism: Hashable, Sendable {
    public let mechanism: SASLMechanism
    /// For an administrator, in one line of at most ``AuthenticationLink/maximumReason`` octets.
    public let reason: String

    public init(_ mechanism: SASLMechanism, reason: String) { (self.mechanism, self.reason) = (mechanism, reason) }
}

extension AuthenticationLink.Refusal: CustomStringConvertible {
    /// For a log.
    public var description: String {
        switch self {
        case .tooMany: "logins exceed the rate limit"
        case .unavailable: "the directory cannot be read"
        case .noSuchAccount: "the account is gone"
        case .tooManyFromNetwork: "the client's network exceeds its share of logins"
        case .mechanismIsOff: "the mechanism is switched off, as postern-auth has died under it repeatedly"
        case .notOffered: "the virtual server does not offer the mechanism"
        case .outOfOrder: "the exchange is not open"
        }
    }
}

/// How an exchange failed, as far as it is counted.
public enum LoginFailure: UInt8, Hashable, Sendable, CaseIterable {
    /// Wrong credentials, an unknown name, an expired one, or octets that are no message of the mechanism.
    case guess = 1
    /// This system, or one that it asks, failed. It counts for the client's network alone: whoever is being guessed at has no part in it.
    case temporary = 2
    /// Nothing was tried: the mechanism is not available, or wants encryption.
    case notTried = 3
}

/// What a lock is on.
public enum LockScope: UInt8, Hashable, Sendable, CaseIterable {
    /// The client's network.
    case address = 1
    /// The account, for networks from which it was guessed at.
    case account = 2
}

/// What a failed login costs.
public struct LoginPenalty: Hashable, Sendable {
    /// How long to wait before the refusal is said.
    public let wait: Duration
    /// Failures of the network or of the account that count at present, whichever are more; this one among them.
    public let failures: Int
    /// What this failure has locked; empty for most.
    public let locks: Set<LockScope>

    public init(wait: Duration, failures: Int, locks: Set<LockScope>) {
        (self.wait, self.failures, self.locks) = (wait, failures, locks)
    }
}

/// What a login with one name is checked against.
public struct StoredCredential: Hashable, Sendable {
    /// Whose it is; nil where nobody has this name. Then the verifier is one that no password matches.
    public let account: EmailAddress?
    /// The key under which the credential lies, one for all spellings of the name: with the account, whom `secret` is sealed for. Nil
    /// where nobody has this name.
    public let loginKey: String?
    /// `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`.
    public let verifier: String
    /// The password of a credential that has a recoverable one, sealed: the text of `SealedSecret`. The core has no key for it.
    public let secret: ByteBuffer?

    public init(account: EmailAddress?, loginKey: String? = nil, verifier: String, secret: ByteBuffer? = nil) {
        (self.account, self.loginKey, self.verifier, self.secret) = (account, loginKey, verifier, secret)
    }
}
