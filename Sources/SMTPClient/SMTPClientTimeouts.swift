import SMTPProtocol

/// How long a client waits for what; each at least the minimum of RFC 5321 §4.5.3.2 unless the idle limit (S04) is shorter.
public struct SMTPClientTimeouts: Hashable, Sendable {
    /// S04: the longest time without progress, whatever is waited for.
    public let idle: Duration
    /// TCP connection set-up.
    public let connect: Duration
    /// From the connection to the end of banner, `EHLO`, TLS and login together, however lively the server is with each: the sum of their
    /// own limits with an exchange of a few steps.
    public let setUp: Duration
    /// One transaction without its content, however lively the server is with each reply.
    public let transaction: Duration
    /// How slowly content may go out on average, in octets a second: what slow lines do, and no more.
    public let slowestTransfer: Int

    public init(
        idle: Duration = .seconds(600), connect: Duration = .seconds(30), setUp: Duration = .seconds(1800),
        transaction: Duration = .seconds(1800), slowestTransfer: Int = 4096
    ) {
        (self.idle, self.connect) = (idle, min(connect, idle))
        (self.setUp, self.transaction, self.slowestTransfer) = (setUp, transaction, max(1, slowestTransfer))
    }

    /// The limit of one whole transaction, from `MAIL` to the last reply.
    ///
    /// - Parameter size: octets of content.
    public func limit(forTransactionOf size: Int) -> Duration { transaction + .seconds(size / slowestTransfer) }

    /// The limit of one phase.
    public func limit(for phase: WaitPhase) -> Duration {
        let own: Duration =
            switch phase {
            case .banner, .hello, .securedHello, .startTLS, .authentication, .mail, .recipient: .seconds(300)
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
