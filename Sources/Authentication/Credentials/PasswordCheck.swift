import Credentials

/// Whether a password in the clear is right. The work is the same for every name: one derivation, and one question to saslauthd
/// where it is asked at all and the derivation did not match.
struct PasswordCheck {
    /// Compares a password with stored keys; takes as long for a wrong one as for the right one. Nil is what was no UTF-8.
    typealias Matching = @Sendable (SCRAMVerifier, String?) throws(CryptographyError) -> Bool

    static let derive: Matching = { verifier, password throws(CryptographyError) in try verifier.matches(received: password) }

    enum Outcome: Hashable {
        /// By the stored keys.
        case right
        case rightElsewhere
        case wrong
        case unavailable(String)
    }

    let matches: Matching
    let saslauthd: Saslauthd?

    /// - Parameters:
    ///   - verifier: the credential's, or a decoy.
    ///   - mayBeElsewhere: false where another system's word does not count. It is asked all the same: the time is the same.
    func check(_ password: [UInt8], name: LoginName, against verifier: SCRAMVerifier, mayBeElsewhere: Bool) -> Outcome {
        do {
            if try matches(verifier, String(validating: password, as: UTF8.self)) { return .right }
        } catch {
            return .unavailable(error.description)
        }
        guard let saslauthd else { return .wrong }
        // A name that nobody can have is asked for like any other, in the form that the key has.
        return switch saslauthd.check(loginName: name.key, password: password) {
        case .right: mayBeElsewhere ? .rightElsewhere : .wrong
        case .wrong: .wrong
        case .unavailable(let reason): .unavailable(reason)
        }
    }
}
