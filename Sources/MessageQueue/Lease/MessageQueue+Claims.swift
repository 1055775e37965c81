import MailVocabulary

/// What a holder says of a lease, held against what it was given: nothing that a peer names is taken for its own.
extension MessageQueue {
    /// What a holder's word on a lease is worth.
    public enum Claim: Hashable, Sendable {
        /// The lease stands and is the holder's.
        case standing
        /// It was the holder's, and ended before this word came: what is delivered is delivered, the rest is for others to say.
        case ended
        /// Nothing more is known of it: its outcome is recorded, or being recorded, or it ended long ago. An honest holder says an
        /// outcome again whose answer it did not get.
        case over
        /// It is not the holder's, or was given to nobody: what is wrong, in words.
        case foreign(String)
    }

    /// Looks whose a lease is.
    ///
    /// - Parameters:
    ///   - lease: as the holder names it.
    ///   - outcomes: the indices that it has something to say of, one for each outcome.
    ///   - carrier: of the socket that it came in on.
    public func claim(_ lease: Presented, outcomes: [UInt32], holder: UInt64, carrier: Carrier) -> Claim {
        let named = Set(outcomes)
        guard named.count == outcomes.count else { return .foreign("it names a recipient twice") }
        if let standing = leases[lease.lease] {
            guard standing.holder == holder, standing.entry.hop.route.carrier == carrier else { return .foreign("the lease is another's") }
            return check(lease, named, message: standing.entry.message.id, indices: standing.indices) ?? .standing
        }
        if let ended = endedLeases.lease(lease.lease, carrier) {
            guard ended.holder == holder else { return .foreign("the lease was another's") }
            return check(lease, named, message: ended.message, indices: ended.indices) ?? .ended
        }
        return wasGivenOut(lease.lease) ? .over : .foreign("no such lease was given out")
    }

    /// Whether this start or an earlier one can have given out a lease with this id.
    private func wasGivenOut(_ id: LeaseID) -> Bool {
        guard id.epoch == epoch else { return id.epoch < epoch }
        return leaseNumbersCameRound || (id.number > 0 && id.number <= leaseNumber)
    }

    private func check(_ lease: Presented, _ named: Set<UInt32>, message: QueueID, indices: Set<UInt32>) -> Claim? {
        guard lease.message == message else { return .foreign("the lease is for another message") }
        return named.isSubset(of: indices) ? nil : .foreign("it names a recipient that the lease does not have")
    }

    /// A lease that ended counts once.
    public func forgetEnded(_ lease: LeaseID, carrier: Carrier) { endedLeases.remove(lease, carrier) }
}
