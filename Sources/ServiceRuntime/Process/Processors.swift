import NIOCore

/// The processors that this process may use.
public enum Processors {
    /// How many: by its affinity mask (sched_setaffinity(2), `AllowedCPUs=`) and by the quota of its control group (`CPUQuota=`). At least 1.
    public static func count() -> Int {
        let allowed = ProcessFile.text(of: "/proc/self/status").flatMap { allowedCount(inStatus: $0) }
        return max(1, min(allowed ?? .max, System.coreCount))
    }

    /// Reads `Cpus_allowed` of proc_pid_status(5): a mask as hexadecimal digits, with commas in between.
    ///
    /// - Returns: nil where the text has no such line, or it is none of this kind.
    static func allowedCount(inStatus text: String) -> Int? {
        let name = "Cpus_allowed:"
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        var count = 0
        for character in line.dropFirst(name.count) where character != "," && !character.isWhitespace {
            guard let digit = character.hexDigitValue else { return nil }
            count += digit.nonzeroBitCount
        }
        return count > 0 ? count : nil
    }
}
