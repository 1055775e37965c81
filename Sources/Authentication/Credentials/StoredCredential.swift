import Credentials
import MailVocabulary

/// What is stored of one login name.
public struct StoredCredential: Hashable, Sendable {
    /// The key under which it was found: one of `LoginName.lookups`.
    public let loginName: String
    public let account: EmailAddress
    /// Nil: nobody can log in with a password.
    public let verifier: SCRAMVerifier?
    /// For NTLM, CRAM-MD5 and SCRAM-SHA-1; nil where the account has none. Sealed for the owner ``secretOwner``.
    public let recoverableSecret: SealedSecret?
    /// From then on it is as if it did not exist; nil: never.
    public let expiresAt: Timestamp?

    public init(
        loginName: String, account: EmailAddress, verifier: SCRAMVerifier?, recoverableSecret: SealedSecret? = nil,
        expiresAt: Timestamp? = nil
    ) {
        (self.loginName, self.account, self.verifier) = (loginName, account, verifier)
        (self.recoverableSecret, self.expiresAt) = (recoverableSecret, expiresAt)
    }

    /// Whom the secret of a credential is sealed for.
    public var secretOwner: SealedSecret.Owner { SealedSecret.Owner(account: account.lookupKey, credential: loginName) }

    func isExpired(at now: Timestamp) -> Bool { expiresAt.map { $0 <= now } ?? false }
}
