#if canImport(Glibc)
    import Glibc
#endif

/// A clock that nobody sets.
public enum MachineUptime {
    /// How long the machine has been up, its sleep included (clock_gettime(2), CLOCK_BOOTTIME).
    public static func now() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
