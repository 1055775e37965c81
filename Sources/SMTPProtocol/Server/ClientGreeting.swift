/// How the client greeted, with its argument as it wrote it (RFC 5321 §4.1.1.1).
///
/// The argument is printable ASCII without spaces, at most 255 octets, and proves nothing.
public enum ClientGreeting: Hashable, Sendable {
    case helo(String)
    case ehlo(String)

    /// The argument.
    public var name: String {
        switch self {
        case .helo(let name), .ehlo(let name): name
        }
    }
}
