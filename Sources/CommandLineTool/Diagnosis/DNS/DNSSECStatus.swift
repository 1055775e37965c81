import NameResolution

/// What DNSSEC says about an answer (RFC 4035 §4.3), as far as anybody looked.
enum DNSSECStatus: Hashable, Sendable {
    case secure
    case insecure
    /// The text is the validator's.
    case bogus(String)
    /// No trust anchor: nobody has looked, and `insecure` would be a claim.
    case notValidated

    /// - Returns: nil where there was no answer that could have a status.
    init?(_ answer: LookupAnswer, isValidating: Bool) {
        switch answer {
        case .failure(.bogus(let reason)): self = .bogus(reason)
        case .failure: return nil
        case .records(_, let isSecure), .noRecords(let isSecure), .noSuchDomain(let isSecure):
            self = isSecure ? .secure : isValidating ? .insecure : .notValidated
        }
    }

    var words: String {
        switch self {
        case .secure: "secure"
        case .insecure: "insecure (the zone is not signed, or nothing vouches for its keys)"
        case .bogus(let reason): reason.isEmpty ? "bogus" : "bogus: \(reason)"
        case .notValidated: "not validated"
        }
    }

    /// For programs.
    var identifier: String {
        switch self {
        case .secure: "secure"
        case .insecure: "insecure"
        case .bogus: "bogus"
        case .notValidated: "not_validated"
        }
    }
}
