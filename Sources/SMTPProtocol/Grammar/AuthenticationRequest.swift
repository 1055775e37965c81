/// The arguments of `AUTH` (RFC 4954 §4), not looked into.
public struct AuthenticationRequest: Hashable, Sendable {
    /// As the client wrote it, in any case.
    public let mechanism: String
    /// The initial response in base 64, or `=` for one that is empty; nil where there is none.
    public let initialResponse: [UInt8]?

    public init(mechanism: String, initialResponse: [UInt8]?) { (self.mechanism, self.initialResponse) = (mechanism, initialResponse) }
}
