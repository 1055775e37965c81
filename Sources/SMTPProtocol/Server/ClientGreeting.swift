/// How the client greeted, with its argument as it wrote it (RFC 5321 §4.1.1.1).
///
/// The argument has no control character of ASCII and at most 510 octets of UTF-8, and proves nothing. It may be anything else that a
/// client wrote: whoever writes or prints it makes it safe for that place.
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
