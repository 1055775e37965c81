/// How an exchange of ours with another server goes on.
public enum SASLClientAnswer: Hashable, Sendable {
    /// To be sent. From `start`, nil: the command goes out without an initial response; an empty one is said as `=` (RFC 4954 §4).
    case response([UInt8]?)
    /// The end: the exchange is to be cancelled with `*`.
    case failed(SASLClientFailure)
}

/// Why an exchange with another server failed on our side.
public enum SASLClientFailure: Error, Hashable, Sendable {
    /// There is no plug-in, or no ticket: the library's words. Another mechanism may do.
    case mechanismNotAvailable(String)
    /// What the server sent is not what the mechanism says, or it does not know the password itself.
    case badServer(String)
    /// A message of the server over ``SASLClientExchange/maximumMessageOctets``, or more steps than any mechanism has.
    case tooMuch
    /// It said that the login was right before it had proven that it is the server that knows the password (RFC 5802 §3).
    case serverNotProven
    /// The machine failed.
    case temporary(String)
}

extension SASLClientFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .mechanismNotAvailable(let detail): "the mechanism cannot be used: \(detail)"
        case .badServer(let detail): "the server's part of the authentication is wrong: \(detail)"
        case .tooMuch: "the server's part of the authentication is too long"
        case .serverNotProven: "the server did not prove that it knows the account"
        case .temporary(let detail): "temporary failure: \(detail)"
        }
    }
}
