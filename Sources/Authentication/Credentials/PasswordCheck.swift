import Credentials

/// Whether a password in the clear matches stored keys. The work is the same for every name: one derivation.
enum PasswordCheck {
    /// Compares a password with stored keys; takes as long for a wrong one as for the right one. Nil is what was no UTF-8.
    typealias Matching = @Sendable (SCRAMVerifier, String?) throws(CryptographyError) -> Bool

    static let derive: Matching = { verifier, password throws(CryptographyError) in try verifier.matches(received: password) }
}
