import Glibc

/// How many files and sockets this process may have open at once (`RLIMIT_NOFILE`).
public enum DescriptorLimit {
    /// Raises the limit to the hard limit.
    ///
    /// - Returns: the limit that holds now. It stays what it was where the system refuses: fewer connections are no reason not to start.
    @discardableResult
    public static func raise() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        let before = limit.rlim_cur
        guard before < limit.rlim_max else { return UInt64(before) }
        limit.rlim_cur = limit.rlim_max
        return UInt64(setrlimit(resource, &limit) == 0 ? limit.rlim_max : before)
    }

    /// The limit that holds now.
    public static var current: UInt64 {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? UInt64(limit.rlim_cur) : 0
    }

    private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
}
