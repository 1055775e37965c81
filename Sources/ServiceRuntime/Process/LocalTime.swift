import Glibc

/// The machine's time zone, as the process knows it since its start: schedules (E14) are in local time.
public enum LocalTime {
    /// Seconds that local time is ahead of UTC at a moment, summer time included; 0 where the C library cannot tell.
    ///
    /// - Parameter seconds: since 1970.
    public static func offset(at seconds: Int64) -> Int {
        var seconds = time_t(seconds)
        var local = tm()
        return localtime_r(&seconds, &local) == nil ? 0 : local.tm_gmtoff
    }
}
