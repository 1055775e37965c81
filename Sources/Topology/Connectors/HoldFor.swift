import MailVocabulary

/// Who may ask for mail that is held, and how (S29).
public struct HoldFor: Hashable, Sendable {
    /// ETRN (RFC 1985), TURN (RFC 821 §3.8), ATRN (RFC 2645).
    public enum Trigger: String, Hashable, Sendable, CaseIterable {
        case etrn, turn, atrn
    }

    /// One or more, completed by `default_domain`.
    public let accounts: [EmailAddress]
    public let methods: Set<Trigger>
    public let location: SourceLocation

    public init(accounts: [EmailAddress], methods: Set<Trigger> = [.etrn, .atrn], location: SourceLocation = .builtIn) {
        (self.accounts, self.methods, self.location) = (accounts, methods, location)
    }
}
