import MailVocabulary
import NIOCore

/// `Authentication-Results: HOST; iprev=pass policy.iprev=192.0.2.1 (…)`: the result of reverse DNS (RFC 8601 §2.7.3, S15).
public struct AuthenticationResultsField: TraceField, Hashable {
    /// Our own name, the authserv-id.
    public var host: DomainName
    public var clientAddress: IPAddress
    public var reverseLookup: ReverseLookup
    /// The argument of HELO or EHLO as the client gave it.
    public var helo: String?

    /// - Returns: nil where reverse DNS was not asked: there is nothing to say.
    public init?(host: DomainName, clientAddress: IPAddress, reverseLookup: ReverseLookup, helo: String?) {
        guard reverseLookup != .notAsked else { return nil }
        (self.host, self.clientAddress, self.reverseLookup, self.helo) = (host, clientAddress, reverseLookup, helo)
    }

    public func write(into buffer: inout ByteBuffer) {
        guard let result = reverseLookup.iprevResult else { return }
        var field = FieldWriter(appendingTo: &buffer, name: "Authentication-Results")
        field.words("\(host);", "iprev=\(result)")
        // A colon is no part of a token (RFC 2045 §5.1), so an IPv6 address is a quoted string.
        field.word(clientAddress.family == .ipv4 ? "policy.iprev=\(clientAddress)" : "policy.iprev=\"\(clientAddress)\"")
        let explanation = reverseLookup.explanation(helo: HELOArgument(helo)) ?? ""
        switch reverseLookup {
        case .confirmed(let name), .unconfirmed(let name): field.words("(\(name),", "\(explanation))")
        case .notAsked, .noName, .temporaryError: field.word("(\(explanation))")
        }
        buffer = field.end()
    }
}
