/// How long to wait after a failed attempt (E07).
public struct RetryIntervals: Hashable, Sendable {
    public let first: Duration
    public let second: Duration
    public let third: Duration
    /// After the fourth and each further failure.
    public let subsequent: Duration

    public init(
        first: Duration = .seconds(15 * 60), second: Duration = .seconds(30 * 60), third: Duration = .seconds(60 * 60),
        subsequent: Duration = .seconds(4 * 60 * 60)
    ) {
        (self.first, self.second, self.third, self.subsequent) = (first, second, third, subsequent)
    }
}
