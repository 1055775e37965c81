/// What a client has said and shown of itself.
///
/// One value, so that TLS makes a stranger of the client in one stroke (RFC 3207 §4.2), and nobody is logged in who has not greeted.
enum ClientStanding: Hashable, Sendable {
    case stranger
    case greeted(ClientGreeting)
    case authenticated(ClientGreeting, SessionIdentity)

    var greeting: ClientGreeting? {
        switch self {
        case .stranger: nil
        case .greeted(let greeting), .authenticated(let greeting, _): greeting
        }
    }

    var identity: SessionIdentity? {
        if case .authenticated(_, let identity) = self { identity } else { nil }
    }

    /// A further greeting does not undo a login: RFC 4954 §4 has no way back.
    mutating func greet(_ greeting: ClientGreeting) {
        self = identity.map { .authenticated(greeting, $0) } ?? .greeted(greeting)
    }
}
