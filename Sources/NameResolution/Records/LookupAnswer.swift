/// What the name servers said to one question.
public enum LookupAnswer: Hashable, Sendable {
    /// The rdata of each record, at least one; `isSecure` where DNSSEC has validated them.
    case records([[UInt8]], isSecure: Bool)
    /// The name exists, without records of this type (NODATA).
    case noRecords(isSecure: Bool)
    /// NXDOMAIN (RFC 8020).
    case noSuchDomain(isSecure: Bool)
    /// No answer that can be relied on: try again later.
    case failure(LookupFailure)
}
