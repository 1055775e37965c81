import MailVocabulary

/// The result of the `iprev` method (RFC 8601 §2.7.3).
public enum ReverseDNSResult: Hashable, Sendable {
    /// The address has this name, and the name has this address.
    case pass(DomainName)
    /// None of the address's names has this address.
    case fail(reason: String, unconfirmed: [DomainName])
    /// The address has no name.
    case permerror(reason: String)
    /// The DNS did not tell in time: nothing may be concluded from it.
    case temperror(reason: String)

    /// As `Authentication-Results` says it: `pass`, `fail`, `permerror`, `temperror`.
    public var keyword: String {
        switch self {
        case .pass: "pass"
        case .fail: "fail"
        case .permerror: "permerror"
        case .temperror: "temperror"
        }
    }
}
