import MailVocabulary

/// Where `postern-auth` looks for who someone is, besides the directory (`identity`).
public struct Identity: Hashable, Sendable {
    /// What wrong passwords cost, per client address and account.
    public struct Failures: Hashable, Sendable {
        /// Before the first refusal is said; it doubles up to `maximumDelay`.
        public let delay: Duration
        public let maximumDelay: Duration
        /// So many failures lock; nil never locks.
        public let lockAfter: Int?
        public let lockFor: Duration

        public init(
            delay: Duration = .seconds(1), maximumDelay: Duration = .seconds(3), lockAfter: Int? = 20,
            lockFor: Duration = .seconds(10 * 60)
        ) {
            (self.delay, self.maximumDelay, self.lockAfter, self.lockFor) = (delay, maximumDelay, lockAfter, lockFor)
        }
    }

    /// The Unix socket of saslauthd (PAM, LDAP), absolute; nil does not ask it.
    public let saslauthdSocket: String?
    /// A domain controller that NTLM answers are checked with (S10).
    public let ntlmServer: DomainName?
    /// The key that recoverable secrets are encrypted with, absolute: for NTLM and CRAM-MD5 only; nil keeps none.
    public let recoverableSecretsKey: String?
    /// PBKDF2 rounds of passwords set from now on, 4096 to 10,000,000.
    public let iterations: Int
    /// Whether `postern-auth` remembers proven passwords, as digests, so that they are not derived again.
    public let passwordCache: Bool
    public let failures: Failures

    public static let defaultIterations = 100_000

    public init(
        saslauthdSocket: String? = nil, ntlmServer: DomainName? = nil, recoverableSecretsKey: String? = nil,
        iterations: Int = Identity.defaultIterations, passwordCache: Bool = true, failures: Failures = Failures()
    ) {
        (self.saslauthdSocket, self.ntlmServer) = (saslauthdSocket, ntlmServer)
        (self.recoverableSecretsKey, self.iterations, self.failures) = (recoverableSecretsKey, iterations, failures)
        self.passwordCache = passwordCache
    }
}
