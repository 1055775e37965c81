import Glibc

/// How far an exchange is with asking another system about a password.
enum OutsideCheck {
    case notNeeded
    /// The directory's keys do not match.
    ///
    /// - Parameter mayVouch: false where the other system's word does not count. It is asked all the same: the time is the same.
    case pending(loginName: String, password: [UInt8], mayVouch: Bool)
    case answered(Saslauthd.Answer)

    /// Forgets the password.
    mutating func erase() {
        guard case .pending(_, var password, _) = self else { return }
        self = .notNeeded
        explicit_bzero(&password, password.count)
    }
}
