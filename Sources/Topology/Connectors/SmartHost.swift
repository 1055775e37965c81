import MailVocabulary

/// A host that mail is handed to: by name, or by an address literal, which is not looked up (S25).
public struct SmartHost: Hashable, Sendable {
    public let host: MailDomain
    /// 1 to 65535; nil: the port of the outbound profile (S06).
    public let port: Int?
    public let location: SourceLocation

    public init(host: MailDomain, port: Int? = nil, location: SourceLocation = .builtIn) {
        (self.host, self.port, self.location) = (host, port, location)
    }
}

extension SmartHost: CustomStringConvertible {
    /// As the configuration writes it: `relay.example`, `[192.0.2.25]:2525`, `[2001:db8::1]`.
    public var description: String {
        let name =
            switch host {
            case .name(let name): name.text
            case .literal(let address): "[\(address)]"
            }
        return port.map { "\(name):\($0)" } ?? name
    }
}
