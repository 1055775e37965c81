/// How a next hop is asked again that could not be reached, before the intervals of E07 begin: a host that restarts is back in a minute.
public struct GlitchRetry: Hashable, Sendable {
    /// How often, since it last answered; 0: not at all.
    public let count: Int
    /// Before each; where `first` of the intervals is shorter, that counts.
    public let interval: Duration

    public init(count: Int = 3, interval: Duration = .seconds(60)) { (self.count, self.interval) = (count, interval) }
}
