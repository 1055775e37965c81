/// Why a ``DNSResolver`` could not be set up.
public enum ResolverError: Error, Hashable, Sendable {
    /// A call or option that libunbound refused.
    case libunbound(call: String, reason: String)
    /// A file named by the settings that cannot be read or is larger than a megabyte.
    case unreadable(file: String, reason: String)
    /// The operating system gave no thread or no socket pair.
    case system(call: String, errno: Int32)
}

extension ResolverError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .libunbound(let call, let reason): "the resolver library refused \(call): \(reason)"
        case .unreadable(let file, let reason): "\(file): \(reason)"
        case .system(let call, let errno): "\(call) failed with error \(errno)"
        }
    }
}
