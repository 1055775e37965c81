import NIOCore

/// How often `postern-auth` may ask for verifiers: a taken-over one cannot read the directory out at once (law 3).
///
/// A bucket that fills at a steady rate. A value; time comes in.
struct LookupAllowance {
    /// Asked at once, at most.
    private let burst: Double
    /// More for each second.
    private let rate: Double
    private var left: Double
    private var lastFilled: NIODeadline?

    /// Enough for a morning on which everybody logs in; each login also costs a key derivation, which takes longer than this.
    init(burst: Int = 2000, perSecond rate: Int = 500) {
        (self.burst, self.rate, left) = (Double(burst), Double(rate), Double(burst))
    }

    mutating func take(now: NIODeadline) -> Bool {
        if let lastFilled {
            left = min(burst, left + rate * Double((now - lastFilled).nanoseconds) / 1e9)
        }
        lastFilled = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
