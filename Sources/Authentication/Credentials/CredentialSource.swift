/// Where credentials are looked up: in the core, for the process that authenticates.
///
/// The call may block, and is made on the thread that runs the exchange: at most once in each exchange, and as well for names that
/// nobody has.
public protocol CredentialSource: Sendable {
    /// The credential of the first of `name.lookups` that has one, an expired one included; nil where there is none.
    ///
    /// - Parameter name: with one or two lookups, never without.
    /// - Throws: where it cannot be known at present: the exchange fails with `454 4.7.0`.
    func credential(for name: LoginName) throws(CredentialSourceFailure) -> StoredCredential?
}

/// The source could not be asked.
public struct CredentialSourceFailure: Error, Hashable, Sendable {
    /// For the log, in one line.
    public let reason: String

    public init(_ reason: String) { self.reason = reason }
}
