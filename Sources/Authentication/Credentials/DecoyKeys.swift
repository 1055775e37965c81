import Credentials

/// What stands in for the secrets of names that nobody has, so that they look like any other (RFC 5802 §9).
public struct DecoyKeys: Hashable, Sendable {
    /// Known to this installation only, and the same at every start: a salt that changes tells that it is none.
    public let secret: [UInt8]
    /// As many as new passwords get.
    public let iterations: Int

    /// - Parameter iterations: within `SCRAMVerifier.permittedIterations`.
    public init(secret: [UInt8], iterations: Int = SCRAMVerifier.defaultIterations) {
        precondition(SCRAMVerifier.permittedIterations.contains(iterations), "iterations")
        (self.secret, self.iterations) = (secret, iterations)
    }

    /// Keys that no password matches.
    func verifier(for name: LoginName) throws(CryptographyError) -> SCRAMVerifier {
        try SCRAMVerifier(decoyFor: name.key, secret: secret, iterations: iterations)
    }

    /// A sealed secret for names that have none: its opening takes the same time. Nil where OpenSSL fails, which the opening of others says.
    func sealedSecret(with key: SecretKey) -> SealedSecret? {
        // try?: see above.
        guard let password = try? PreparedPassword(Base64.encode(secret.prefix(24).map { $0 })) else { return nil }
        return try? SealedSecret(sealing: password, for: Self.owner, with: key)  // The same.
    }

    static let owner = SealedSecret.Owner(account: "-", credential: "-")

    /// A password that nobody knows.
    func password(for name: LoginName) throws(CryptographyError) -> [UInt8] {
        Array(Base64.encode(try hmacSHA256(key: secret, "password " + name.key)).utf8)
    }
}

extension DecoyKeys: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never the secret: values end up in logs.
    public var description: String { "decoys with \(iterations) iterations" }
    public var debugDescription: String { description }
}
