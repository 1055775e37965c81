/// Why there is no answer now. All of these are transient: another attempt may succeed.
public enum LookupFailure: Error, Hashable, Sendable {
    /// No answer within the deadline.
    case timeout
    /// The name servers could not answer: the DNS response code (2 SERVFAIL, 5 REFUSED, …).
    case serverFailure(rcode: Int32)
    /// The answer contradicts DNSSEC; the text is the validator's.
    case bogus(String)
    /// An answer came, and nothing in it can be used.
    case malformed
    /// ``ResolverSettings/maximumOutstanding`` lookups are under way already.
    case tooManyLookups(limit: Int)
    /// The resolver was shut down.
    case shutDown
    /// libunbound failed; the text is its own.
    case library(String)
}

extension LookupFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .timeout: "the name servers did not answer in time"
        case .serverFailure(let rcode): "the name servers failed (\(Self.name(ofResponseCode: rcode)))"
        case .bogus(let reason): reason.isEmpty ? "DNSSEC validation failed" : "DNSSEC validation failed: \(reason)"
        case .malformed: "the name servers' answer is malformed"
        case .tooManyLookups(let limit): "\(limit) lookups are under way already"
        case .shutDown: "the resolver is shutting down"
        case .library(let reason): "the resolver failed: \(reason)"
        }
    }

    private static func name(ofResponseCode rcode: Int32) -> String {
        switch rcode {
        case 1: "FORMERR"
        case 2: "SERVFAIL"
        case 4: "NOTIMP"
        case 5: "REFUSED"
        default: "response code \(rcode)"
        }
    }
}
