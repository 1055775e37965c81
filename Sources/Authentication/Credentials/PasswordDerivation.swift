import Credentials
import Glibc

/// How far the check of a password by stored keys is, where the derivation waits for its turn.
enum PasswordDerivation {
    case notAsked
    case pending(verifier: SCRAMVerifier, password: [UInt8])
    case done(isMatch: Bool)

    /// Forgets the password.
    mutating func erase() {
        guard case .pending(_, var password) = self else { return }
        self = .notAsked
        explicit_bzero(&password, password.count)
    }
}
