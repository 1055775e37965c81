import MailVocabulary

/// Who may write to whom, and as whom (`permissions`).
public struct Permissions: Hashable, Sendable {
    /// Who may write to some recipients (S33). Every entry that matches a recipient must allow.
    public struct Receive: Hashable, Sendable {
        public enum Senders: Hashable, Sendable {
            case everyone
            /// Whoever is logged in.
            case authenticated
            /// These accounts, logged in.
            case listed([Principal])
        }

        public let recipients: [Principal]
        public let senders: Senders
        public let location: SourceLocation

        public init(recipients: [Principal], senders: Senders, location: SourceLocation = .builtIn) {
            (self.recipients, self.senders, self.location) = (recipients, senders, location)
        }
    }

    /// Addresses that accounts may send as, besides their own.
    public struct SendAs: Hashable, Sendable {
        public let accounts: [Principal]
        public let addresses: [EmailAddress]
        public let location: SourceLocation

        public init(accounts: [Principal], addresses: [EmailAddress], location: SourceLocation = .builtIn) {
            (self.accounts, self.addresses, self.location) = (accounts, addresses, location)
        }
    }

    public let receive: [Receive]
    public let sendAs: [SendAs]
    /// Whether `From` of submitted mail must be an address that the account may send as (RFC 6409 §6.1).
    public let checksHeader: Bool

    public init(receive: [Receive] = [], sendAs: [SendAs] = [], checksHeader: Bool = false) {
        (self.receive, self.sendAs, self.checksHeader) = (receive, sendAs, checksHeader)
    }
}
