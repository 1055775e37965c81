/// Programs that bring a dial-up line up and down (S30); never through a shell.
public struct LinkCommands: Hashable, Sendable {
    /// The program, absolute, and its arguments.
    public let up: [String]
    /// The program, absolute, and its arguments; nil: nothing is run.
    public let down: [String]?
    public let upTimeout: Duration
    /// Without traffic for so long, the line goes down.
    public let idle: Duration
    public let location: SourceLocation

    public init(
        up: [String], down: [String]? = nil, upTimeout: Duration = .seconds(60), idle: Duration = .seconds(5 * 60),
        location: SourceLocation = .builtIn
    ) {
        (self.up, self.down, self.upTimeout, self.idle, self.location) = (up, down, upTimeout, idle, location)
    }
}
