import MailVocabulary

/// What the directory says about a recipient in one of our domains, as plain values: routing does not know the directory.
public enum DirectoryAnswer: Hashable, Sendable {
    case unknown
    /// The directory has it not, and never had anybody: perhaps it is not the one that was meant.
    case nobodyYet
    /// A mailbox, or an alias or group with all that it leads to.
    case known(KnownRecipient)
    /// The same, arranged before for any sender.
    case arranged(Destinations)

    /// What it leads to; nil for an address that the directory has not.
    var known: KnownRecipient? {
        switch self {
        case .known(let known): known
        case .arranged(let found): found.known
        case .unknown, .nobodyYet: nil
        }
    }
}

/// An address that the directory knows, aliases and groups followed to their ends, nobody twice.
public struct KnownRecipient: Hashable, Sendable {
    /// One alias or group that was followed.
    public struct Step: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case alias
            case group
        }
        public let kind: Kind
        public let address: EmailAddress
        /// The alias or group that named it; nil for the recipient itself.
        public let via: EmailAddress?
        /// How many targets or members it has.
        public let count: Int

        public init(_ kind: Kind, _ address: EmailAddress, via: EmailAddress? = nil, count: Int) {
            (self.kind, self.address, self.via, self.count) = (kind, address, via, count)
        }
    }

    /// An address beyond the directory: reached over a forward, or in a shared domain.
    public struct Outside: Hashable, Sendable {
        public let address: EmailAddress
        /// The alias or group that names it.
        public let via: EmailAddress

        public init(_ address: EmailAddress, via: EmailAddress) { (self.address, self.via) = (address, via) }
    }

    /// In the order they were followed; empty for a mailbox.
    public var steps: [Step]
    /// The addresses of the mailboxes.
    public var mailboxes: [EmailAddress]
    public var outside: [Outside]
    /// Whether the directory has it by the catch-all of its domain (`*@domain`) alone: the first alias that was followed.
    public var isCatchAll: Bool { steps.first.map { $0.address.isCatchAll && $0.via == nil } ?? false }

    /// Why targets get nothing, one sentence each: gone from the directory, outside without a forward, too many.
    public var problems: [String]

    public init(steps: [Step] = [], mailboxes: [EmailAddress] = [], outside: [Outside] = [], problems: [String] = []) {
        (self.steps, self.mailboxes, self.outside, self.problems) = (steps, mailboxes, outside, problems)
    }
}
