/// Times of leases. The core and those who hold leases must agree on them, so both take them from here.
public struct LeaseTiming: Hashable, Sendable {
    /// A holder renews at least this often.
    public var renewal = Duration.seconds(20)
    /// A lease without renewal for so long is its holder's no more, though the connection stands.
    public var lifetime = Duration.seconds(120)
    /// How often the core looks for leases that were not renewed.
    public var sweep = Duration.seconds(10)
    /// How long a restarted core waits for the holders it knew.
    public var presentation = Duration.seconds(5)
    /// How long a holder's connection to a next hop is kept open for more work.
    public var reuse = Duration.seconds(2)

    /// The times above; tests compress them.
    public init() {}

    /// What every daemon goes by.
    public static let standard = LeaseTiming()
}
