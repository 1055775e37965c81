import MailVocabulary

/// What reverse DNS said about the client (S15, RFC 8601 §3).
public enum ReverseLookup: Hashable, Sendable {
    /// Nobody asked: the lookup is switched off.
    case notAsked
    /// The name leads back to the address.
    case confirmed(DomainName)
    /// There is a name, but it does not lead back to the address.
    case unconfirmed(DomainName)
    /// No name is published for the address.
    case noName
    /// DNS did not answer, or not in time.
    case temporaryError

    /// The name that may be believed.
    public var confirmedName: DomainName? {
        if case .confirmed(let name) = self { name } else { nil }
    }

    /// The result of the `iprev` method (RFC 8601 §2.7.3); nil where nobody asked.
    public var iprevResult: String? {
        switch self {
        case .notAsked: nil
        case .confirmed: "pass"
        case .unconfirmed: "fail"
        case .noName: "permerror"
        case .temporaryError: "temperror"
        }
    }

    /// Says in words what was found and whether it matches the name that the client gave; printable ASCII without parentheses.
    func explanation(helo: HELOArgument) -> String? {
        switch self {
        case .notAsked: nil
        case .confirmed(let name): helo.name == name ? "reverse DNS matches the HELO name" : "reverse DNS does not match the HELO name"
        case .unconfirmed(let name):
            helo.name == name
                ? "reverse DNS matches the HELO name but is not confirmed" : "reverse DNS is not confirmed and does not match the HELO name"
        case .noName: "no reverse DNS, nothing matches the HELO name"
        case .temporaryError: "reverse DNS did not answer, HELO name not checked"
        }
    }
}
