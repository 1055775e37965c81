import NIOCore

/// An allowance that fills at a steady rate. A value; time comes in.
struct TokenBucket {
    /// Taken at once, at most.
    let burst: Double
    /// More for each second.
    let rate: Double
    private var left: Double
    private var lastFilled: NIODeadline?

    init(burst: Double, perSecond rate: Double) { (self.burst, self.rate, left) = (burst, rate, burst) }

    mutating func take(now: NIODeadline) -> Bool {
        if let lastFilled { left = min(burst, left + rate * Double(max(0, (now - lastFilled).nanoseconds)) / 1e9) }
        lastFilled = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
