import MailVocabulary
import TrustedFiles

#if canImport(Glibc)
    import Glibc
#endif

/// A certificate's or key's file as it was read. Front ends read them while they are still root (``TrustedFile``).
struct FileContent {
    /// The largest that is read. A chain of RSA certificates has some 10 KiB.
    static let limit = 1 << 20

    let octets: [UInt8]
    /// Permission bits.
    let mode: UInt32
    /// Who besides root and the trusted accounts could replace it.
    let exposures: [FileExposure]

    /// - Parameter accounts: user IDs that may change the file besides root; nil: whose it is does not matter here.
    init(path: String, trusting accounts: Set<UInt32>? = nil) throws(CertificateError) {
        let file: TrustedFile
        do throws(TrustedFileError) {
            file = try TrustedFile.read(path, limit: Self.limit, trusting: accounts ?? [])
        } catch {
            switch error {
            case .system(_, _, let number): throw .cannotRead(path: path, errorNumber: number)
            case .notARegularFile: throw .cannotRead(path: path, errorNumber: EINVAL)
            case .tooLarge(_, let limit): throw .tooLarge(path: path, limit: limit)
            default: throw .untrustedPlace("\(error)")
            }
        }
        if let open = file.exposures.first(where: \.isToEverybody) { throw .untrustedPlace("\(TrustedFileError.exposed(open))") }
        (octets, mode, exposures) = (file.octets, file.mode, accounts == nil ? [] : file.exposures)
    }
}
