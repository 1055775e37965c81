/// What a client found out about the certificate of a server.
public struct PeerVerification: Hashable, Sendable {
    /// Why the chain is not trusted, in OpenSSL's words; nil where a trusted certificate vouches for it and all of it is valid now.
    public let chainError: String?
    /// Whether the certificate is for the host or address that was meant: dNSName and iPAddress only, never the subject (RFC 9525 §6).
    public let isNameMatching: Bool

    public init(chainError: String?, isNameMatching: Bool) { (self.chainError, self.isNameMatching) = (chainError, isNameMatching) }

    public var isVerified: Bool { chainError == nil && isNameMatching }
}

extension PeerVerification: CustomStringConvertible {
    public var description: String {
        switch (chainError, isNameMatching) {
        case (nil, true): "verified"
        case (nil, false): "it is not for this name"
        case (let error?, true): error
        case (let error?, false): "\(error); and it is not for this name"
        }
    }
}
