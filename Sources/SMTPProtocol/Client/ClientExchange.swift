/// Where a client is in an authentication exchange (RFC 4954 §4).
enum ClientExchange: Hashable, Sendable {
    /// `authenticate` waits for the host's choice of a mechanism.
    case mechanismDue
    /// `authenticationChallenge` waits for its response.
    case responseDue
    /// A command or response waits for the server's reply.
    case serversTurn
    /// So does an `AUTH` without its initial response, which would have made the line too long: it answers the first challenge.
    case initialResponseDue([UInt8])
    /// `*` waits for its reply; the text says why it was sent.
    case cancelled(String)
}
