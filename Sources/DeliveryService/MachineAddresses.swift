import MailVocabulary
import NIOCore

/// The addresses of this machine's interfaces, which change while it runs: a floating address comes and goes.
///
/// They are read when they are asked for, at most once in a second, so that nothing has to be followed while no mail goes out.
/// Confined to one event loop.
final class MachineAddresses {
    /// What is known of them now.
    struct Known: Hashable {
        var addresses: Set<IPAddress>
        /// Those of which it is not certain that they are ours to stay: they came while we ran, less than ``MachineAddresses/settling`` ago,
        /// or the addresses cannot be read now.
        var uncertain: Set<IPAddress> = []
    }

    /// Old enough to be read again.
    static let maximumAge = TimeAmount.seconds(1)
    /// How long an address that came while we ran is thought to be here for a while only.
    static let settling = TimeAmount.hours(1)

    private let read: () throws -> Set<IPAddress>
    private let failed: (any Error) -> Void
    private var addresses: Set<IPAddress>
    private var arrivals: [IPAddress: NIODeadline] = [:]
    private var readAt: NIODeadline
    private var isStale = false

    /// - Parameters:
    ///   - read: asks the system.
    ///   - failed: called when it cannot be asked, once until it can again.
    /// - Throws: where the system cannot be asked at the start.
    init(now: NIODeadline = .now(), failed: @escaping (any Error) -> Void, read: @escaping () throws -> Set<IPAddress>) throws {
        (self.read, self.failed, readAt) = (read, failed, now)
        addresses = try read()
    }

    func known(now: NIODeadline = .now()) -> Known {
        if now - readAt >= Self.maximumAge { readAgain(now) }
        guard !isStale else { return Known(addresses: addresses, uncertain: addresses) }
        return Known(addresses: addresses, uncertain: Set(arrivals.keys))
    }

    private func readAgain(_ now: NIODeadline) {
        readAt = now
        do {
            let found = try read()
            isStale = false
            arrivals = arrivals.filter { found.contains($0.key) && now - $0.value < Self.settling }
            for address in found.subtracting(addresses) { arrivals[address] = now }
            addresses = found
        } catch {
            if !isStale { failed(error) }
            isStale = true
        }
    }
}
