/// What a server asks of its clients' TLS.
public struct ServerSettings: Hashable, Sendable {
    /// An older client fails the handshake.
    public var minimumVersion: TLSVersion
    /// Bits of the cipher's key (S14). A client with fewer finishes the handshake, and `TLSHandshake.missedMinimumBits` says so: it
    /// can then be told in a reply. 0 to 256.
    public var minimumBits: Int

    public init(minimumVersion: TLSVersion = .tls12, minimumBits: Int = 0) {
        (self.minimumVersion, self.minimumBits) = (minimumVersion, minimumBits)
    }
}
