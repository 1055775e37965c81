import COpenSSL

/// What is stored instead of a password: the keys of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677).
///
/// Who steals it can guess passwords offline, at `iterations` times two hashes each, and can pose as this server; he cannot log in.
/// The text is `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`, base 64, as PostgreSQL and others write it.
public struct SCRAMVerifier: Hashable, Sendable {
    /// RFC 7677 §4 asks for 4096 or more; the upper bound keeps a damaged row from keeping a processor busy.
    public static let permittedIterations = 4096...10_000_000

    /// What a guess from a stolen file costs: some 30 ms of a processor. In SCRAM the *client* computes them, at every login of every
    /// device; of PLAIN the server does, once for each password that it has not seen proven. The number is a setting
    /// (`identity.iterations`) and is stored with every verifier: a change holds for passwords set from then on.
    public static let defaultIterations = 100_000

    public let iterations: Int
    /// 1 to 64 octets.
    public let salt: [UInt8]
    /// 32 octets: SHA-256 of the client key.
    public let storedKey: [UInt8]
    /// 32 octets.
    public let serverKey: [UInt8]

    /// Makes the keys of a password with a new random salt of 16 octets. Costs milliseconds of computing.
    ///
    /// - Throws: where OpenSSL fails or has no randomness.
    public init(password: PreparedPassword, iterations: Int = defaultIterations) throws(CryptographyError) {
        try self.init(password: password, salt: try randomOctets(16), iterations: iterations)
    }

    /// Makes the keys with a given salt.
    public init(password: PreparedPassword, salt: [UInt8], iterations: Int) throws(CryptographyError) {
        precondition(Self.permittedIterations.contains(iterations) && (1...64).contains(salt.count), "RFC 7677 §4")
        var salted = [UInt8](repeating: 0, count: 32)
        defer { OPENSSL_cleanse(&salted, salted.count) }
        let result = password.octets.withUnsafeBytes { octets in
            PKCS5_PBKDF2_HMAC(
                octets.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(octets.count), salt, Int32(salt.count),
                Int32(iterations), EVP_sha256(), Int32(salted.count), &salted)
        }
        guard result == 1 else { throw CryptographyError("PKCS5_PBKDF2_HMAC") }
        var clientKey = try hmacSHA256(key: salted, "Client Key")
        defer { OPENSSL_cleanse(&clientKey, clientKey.count) }
        (self.iterations, self.salt) = (iterations, salt)
        storedKey = try sha256(clientKey)
        serverKey = try hmacSHA256(key: salted, "Server Key")
    }

    /// Whether the keys are those of this password; takes the same time for a wrong one as for the right one.
    public func matches(_ password: PreparedPassword) throws(CryptographyError) -> Bool {
        let other = try SCRAMVerifier(password: password, salt: salt, iterations: iterations)
        return CRYPTO_memcmp(other.storedKey, storedKey, storedKey.count) == 0
    }

    /// The same for a password as it came in. What cannot be a password costs the same computing, and never matches: nil is text that
    /// was no UTF-8.
    public func matches(received password: String?) throws(CryptographyError) -> Bool {
        var prepared: PreparedPassword?
        if let password {
            do { prepared = try PreparedPassword(password) } catch { prepared = nil }
        }
        let isRight = try matches(prepared ?? .unusable)
        // Keys from before passwords were normalised. What this costs depends on what was typed, and not on whose name it is.
        var isFormer = false
        if let typed = prepared?.typed { isFormer = try matches(PreparedPassword(octets: typed)) }
        return (isRight || isFormer) && prepared != nil
    }

    /// A verifier that no password matches, the same for the same name: an unknown user looks like any other (RFC 5802 §9).
    ///
    /// - Parameter secret: known to this server only.
    public init(decoyFor loginKey: String, secret: [UInt8], iterations: Int) throws(CryptographyError) {
        self.iterations = iterations
        salt = Array(try hmacSHA256(key: secret, "salt " + loginKey).prefix(16))
        storedKey = try hmacSHA256(key: secret, "stored key " + loginKey)
        serverKey = try hmacSHA256(key: secret, "server key " + loginKey)
    }

    /// The same salt and count with keys that no password matches: what is shown of a credential that no longer holds, so that it
    /// looks as it did before.
    public func unmatchable(loginKey: String, secret: [UInt8]) throws(CryptographyError) -> SCRAMVerifier {
        let decoy = try SCRAMVerifier(decoyFor: loginKey, secret: secret, iterations: iterations)
        return SCRAMVerifier(iterations: iterations, salt: salt, storedKey: decoy.storedKey, serverKey: decoy.serverKey)
    }

    private init(iterations: Int, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
        (self.iterations, self.salt, self.storedKey, self.serverKey) = (iterations, salt, storedKey, serverKey)
    }

    /// Reads the text form; nil for anything else, and for an iteration count beyond `permittedIterations`.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "SCRAM-SHA-256" else { return nil }
        let first = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        let keys = parts[2].split(separator: ":", omittingEmptySubsequences: false)
        guard first.count == 2, keys.count == 2, first[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let iterations = Int(first[0]), Self.permittedIterations.contains(iterations),
            let salt = Base64.decode(first[1]), (1...64).contains(salt.count),
            let storedKey = Base64.decode(keys[0]), storedKey.count == 32,
            let serverKey = Base64.decode(keys[1]), serverKey.count == 32
        else { return nil }
        (self.iterations, self.salt, self.storedKey, self.serverKey) = (iterations, salt, storedKey, serverKey)
    }

    /// The text form, as it is stored.
    public var text: String {
        "SCRAM-SHA-256$\(iterations):\(Base64.encode(salt))$\(Base64.encode(storedKey)):\(Base64.encode(serverKey))"
    }
}

extension SCRAMVerifier: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the keys: values end up in logs.
    public var description: String { "SCRAM-SHA-256 with \(iterations) iterations" }
    public var debugDescription: String { description }
}
