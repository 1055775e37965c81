import MailVocabulary

/// An address and port that a virtual server listens on.
///
/// IPv6 listeners are IPV6_V6ONLY: `[::]:25` stands beside `0.0.0.0:25`.
public struct Listener: Hashable, Sendable {
    public let address: IPAddress
    /// 1 to 65535; 0 lets the kernel choose, for tests, and no file can say it.
    public let port: Int
    /// TLS from the first octet (RFC 8314 §3.3) instead of STARTTLS.
    public let implicitTLS: Bool
    public let location: SourceLocation

    public init(address: IPAddress, port: Int, implicitTLS: Bool = false, location: SourceLocation = .builtIn) {
        (self.address, self.port, self.implicitTLS, self.location) = (address, port, implicitTLS, location)
    }
}

extension Listener: CustomStringConvertible {
    /// `192.0.2.1:25`, `[2001:db8::1]:25`.
    public var description: String { address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}

extension Listener {
    /// What cannot change while the process listens: address, port, and whether TLS is there from the first octet.
    public var endpoint: String { description + (implicitTLS ? " (TLS)" : "") }
}
