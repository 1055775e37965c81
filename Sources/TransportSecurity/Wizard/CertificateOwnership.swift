import TrustedFiles

#if canImport(Glibc)
    import Glibc
#endif

/// Whose the files of a pair become when they are written.
public struct CertificateOwnership: Sendable {
    /// nil: this process's.
    public let key: FileOwner?
    /// Permission bits of the key.
    public let keyMode: mode_t
    /// nil: this process's.
    public let certificate: FileOwner?

    public static let ofThisProcess = CertificateOwnership(account: nil, keyGroup: nil)

    /// - Parameters:
    ///   - account: who reads both files; nil: this process's account.
    ///   - keyGroup: the group that may read the key as well (0640); nil: the key is for its owner alone (0600).
    public init(account: FileOwner?, keyGroup: UInt32?) {
        certificate = account
        key = keyGroup.map { FileOwner(user: account?.user, group: $0) } ?? account
        keyMode = keyGroup == nil ? 0o600 : 0o640
    }
}
