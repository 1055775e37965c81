import NIOCore

/// When a refusal is said: so long after the client's message, and not after the work that it caused. How long that took for a name that
/// somebody has, and for one that nobody has, is not to be measured.
enum RefusalTime {
    /// Where the work took longer than the wait, the next multiple of this.
    private static let step = TimeAmount.milliseconds(50)

    static func of(_ message: NIODeadline, wait: Duration, now: NIODeadline) -> NIODeadline {
        let due = message + TimeAmount(wait)
        guard due <= now else { return due }
        let steps = max(0, (now - message).nanoseconds) / step.nanoseconds + 1
        return message + .nanoseconds(steps * step.nanoseconds)
    }
}
