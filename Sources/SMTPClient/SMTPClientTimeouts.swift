import SMTPProtocol

/// How long a client waits for what; each at least the minimum of RFC 5321 §4.5.3.2 unless the idle limit (S04) is shorter.
public struct SMTPClientTimeouts: Hashable, Sendable {
    /// S04: the longest time without progress, whatever is waited for.
    public let idle: Duration
    /// TCP connection set-up.
    public let connect: Duration

    public init(idle: Duration = .seconds(600), connect: Duration = .seconds(30)) {
        (self.idle, self.connect) = (idle, min(connect, idle))
    }

    /// The limit of one phase.
    public func limit(for phase: WaitPhase) -> Duration {
        let own: Duration =
            switch phase {
            case .banner, .hello, .startTLS, .authentication, .mail, .recipient: .seconds(300)
            // Not in that section: a few round trips and no disk.
            case .handshake: .seconds(60)
            case .dataInitiation: .seconds(120)
            case .contentBlock: .seconds(180)
            case .contentEnd: .seconds(600)
            case .idle: idle
            // Everything is decided: the reply to QUIT is a courtesy.
            case .quit: .seconds(10)
            }
        return min(own, idle)
    }
}
