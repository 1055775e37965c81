/// How long to wait after a failed attempt (E07).
public struct RetryIntervals: Hashable, Sendable {
    /// Before these, where it is the next hop that could not be reached.
    public let glitch: GlitchRetry
    public let first: Duration
    public let second: Duration
    public let third: Duration
    /// After the fourth and each further failure.
    public let subsequent: Duration

    public init(
        glitch: GlitchRetry = GlitchRetry(), first: Duration = .seconds(15 * 60), second: Duration = .seconds(30 * 60),
        third: Duration = .seconds(60 * 60), subsequent: Duration = .seconds(4 * 60 * 60)
    ) {
        (self.glitch, self.first, self.second, self.third, self.subsequent) = (glitch, first, second, third, subsequent)
    }
}
