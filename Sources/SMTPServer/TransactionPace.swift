import NIOCore

/// How fast a transaction has to bring its message. A value.
///
/// An octet now and then would otherwise hold a connection for days: it is never silent for long enough (S02). The minima of RFC 5321
/// §4.5.3.2.7 for single commands are not touched, and a line of 4,096 bits a second is fast enough.
struct TransactionPace {
    /// What a transaction may take whatever it brings.
    static let allowance = TimeAmount.hours(1)
    /// And a second more for so many octets of content.
    static let octetsPerSecond: UInt64 = 512

    private var beginning: NIODeadline?
    private var octetsBefore: UInt64 = 0
    private var octets: UInt64 = 0

    mutating func began(at now: NIODeadline) { (beginning, octetsBefore) = (now, octets) }

    /// - Parameter contentOctets: of the whole session.
    mutating func note(contentOctets: UInt64) { octets = contentOctets }

    /// Counts from the last transaction that began; whether that still runs is the session's to know.
    func isTooSlow(at now: NIODeadline) -> Bool {
        guard let beginning else { return false }
        let seconds = min((octets - octetsBefore) / Self.octetsPerSecond, 365 * 24 * 3600)
        return now > beginning + Self.allowance + .seconds(Int64(seconds))
    }
}
