/// An extension that a transaction can do without, or that it needs: each is used only where the server announced it.
public enum RemoteExtension: Hashable, Sendable, CaseIterable {
    /// RFC 1870.
    case size
    /// RFC 6152.
    case eightBitMIME
    /// RFC 6531.
    case smtpUTF8
    /// RFC 3030 §2: `BDAT` in place of `DATA`.
    case chunking
    /// RFC 3030 §3.
    case binaryMIME
    /// RFC 3461.
    case dsn
}

extension RemoteExtensions {
    /// Takes extensions as not announced: the server refused a command that used them.
    mutating func remove(_ refused: Set<RemoteExtension>) {
        for name in refused {
            switch name {
            case .size: size = false
            case .eightBitMIME: eightBitMIME = false
            case .smtpUTF8: smtpUTF8 = false
            case .chunking: chunking = false
            case .binaryMIME: binaryMIME = false
            case .dsn: dsn = false
            }
        }
    }
}
