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
    public let failures: Failures

    public init(
        saslauthdSocket: String? = nil, ntlmServer: DomainName? = nil, recoverableSecretsKey: String? = nil,
        failures: Failures = Failures()
    ) {
        (self.saslauthdSocket, self.ntlmServer) = (saslauthdSocket, ntlmServer)
        (self.recoverableSecretsKey, self.failures) = (recoverableSecretsKey, failures)
    }
}
