import NIOCore
import SMTPClient
import SMTPProtocol

/// What deliveries have learnt of remote servers that the next one should know: which addresses do not answer, which extensions are
/// announced and refused, and where a connection of ours was just closed. Bounded, and forgotten after a while: servers are mended.
///
/// A value without a clock.
struct HostMemory {
    /// Addresses that are remembered. One more makes those be forgotten of which nothing holds any longer, or else all: what is lost is
    /// learnt again.
    static let mostEntries = 2000
    /// How long an address that swallowed packets is tried behind the others of its host.
    static let slowFor = TimeAmount.minutes(10)
    /// How long an extension is not used that was refused.
    static let refusedFor = TimeAmount.minutes(60)
    /// How long a server may take to notice that a connection was closed.
    static let closingFor = TimeAmount.seconds(5)

    private struct Entry {
        var slowUntil: NIODeadline?
        var refused: Set<RemoteExtension> = []
        var refusedUntil: NIODeadline?
        var closingUntil: NIODeadline?

        func holds(at now: NIODeadline) -> Bool { [slowUntil, refusedUntil, closingUntil].contains { $0.map { now < $0 } ?? false } }
    }

    private var entries: [SMTPClientEndpoint: Entry] = [:]

    var count: Int { entries.count }

    private mutating func note(_ endpoint: SMTPClientEndpoint, now: NIODeadline, _ body: (inout Entry) -> Void) {
        if entries[endpoint] == nil, entries.count >= Self.mostEntries {
            entries = entries.filter { $0.value.holds(at: now) }
            if entries.count >= Self.mostEntries { entries = [:] }
        }
        body(&entries[endpoint, default: Entry()])
    }

    /// Another address of the host answered, and this one had not though it was tried before.
    mutating func noteSlow(_ endpoint: SMTPClientEndpoint, now: NIODeadline) {
        note(endpoint, now: now) { $0.slowUntil = now + Self.slowFor }
    }

    /// It answers.
    mutating func noteAnswer(_ endpoint: SMTPClientEndpoint) { entries[endpoint]?.slowUntil = nil }

    func isSlow(_ endpoint: SMTPClientEndpoint, now: NIODeadline) -> Bool { entries[endpoint]?.slowUntil.map { now < $0 } ?? false }

    /// The server announced extensions and refused them.
    mutating func noteRefused(_ extensions: Set<RemoteExtension>, by endpoint: SMTPClientEndpoint, now: NIODeadline) {
        note(endpoint, now: now) {
            $0.refused.formUnion(extensions)
            $0.refusedUntil = now + Self.refusedFor
        }
    }

    /// What is not to be used with it.
    func refused(by endpoint: SMTPClientEndpoint, now: NIODeadline) -> Set<RemoteExtension> {
        guard let entry = entries[endpoint], let until = entry.refusedUntil, now < until else { return [] }
        return entry.refused
    }

    /// We closed a connection to it.
    mutating func noteClosed(_ endpoint: SMTPClientEndpoint, now: NIODeadline) {
        note(endpoint, now: now) { $0.closingUntil = now + Self.closingFor }
    }

    /// Whether it may still count a connection that we have closed.
    func mayCountClosed(_ endpoint: SMTPClientEndpoint, now: NIODeadline) -> Bool {
        entries[endpoint]?.closingUntil.map { now < $0 } ?? false
    }
}
