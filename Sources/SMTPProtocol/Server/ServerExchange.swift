/// Whose turn it is in an authentication exchange (RFC 4954 §4).
enum ServerExchange: Hashable, Sendable {
    /// `.authenticate` or `.authenticationResponse` waits for the host's answer.
    case hostsTurn
    /// `334` waits for a response.
    case clientsTurn
    /// The mechanism's last word went out as a `334`, since success carries no data; the client confirms it with an empty line.
    case lastWord(SessionIdentity)
}
