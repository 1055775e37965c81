import COpenSSL

/// Whose signature under a server's certificate counts.
public enum TrustAnchors: Hashable, Sendable {
    /// The distribution's (`ca-certificates`), where OpenSSL looks for them.
    case system
    /// A PEM file with one or more.
    case file(String)
    /// A folder as `openssl rehash` makes it.
    case folder(String)

    func load(into context: LibraryContext) throws(TLSError) {
        ErrorQueue.clear()
        let (result, name) =
            switch self {
            case .system: (SSL_CTX_set_default_verify_paths(context.pointer), "the system's certificates")
            case .file(let path): (SSL_CTX_load_verify_file(context.pointer, path), path)
            case .folder(let path): (SSL_CTX_load_verify_dir(context.pointer, path), path)
            }
        guard result == 1 else { throw .unavailable(reason: "\(name): \(ErrorQueue.drain())") }
    }

    func load(into store: OpaquePointer) -> Bool {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        return switch self {
        case .system: X509_STORE_set_default_paths(store) == 1
        case .file(let path): X509_STORE_load_file(store, path) == 1
        case .folder(let path): X509_STORE_load_path(store, path) == 1
        }
    }
}
