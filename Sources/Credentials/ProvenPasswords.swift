import COpenSSL
import Synchronization

/// Passwords that were proven right lately, as digests that mean nothing outside of this process: who sends the same password again need not
/// wait for its keys to be derived again.
///
/// A digest is the HMAC-SHA-256 of the login name's key, the password and the verifier that it was proven against, with a key of this
/// process. The verifier is fetched at each login, so that a password that was changed or removed matches none. Only right passwords
/// are kept. Bounded by their number; those asked for longest ago go first, in halves.
public final class ProvenPasswords: Sendable {
    /// Digests of 32 octets.
    public static let defaultCapacity = 20_000

    private struct Generations {
        var young: Set<[UInt8]> = []
        var old: Set<[UInt8]> = []
    }

    private let key: [UInt8]
    private let half: Int
    private let generations = Mutex(Generations())

    /// - Parameter capacity: of passwords, two or more.
    /// - Throws: where there is no randomness.
    public init(capacity: Int = defaultCapacity) throws(CryptographyError) {
        precondition(capacity >= 2, "half of it is kept")
        (key, half) = (try randomOctets(32), capacity / 2)
    }

    /// Whether the password was proven against this verifier.
    public func contains(_ password: [UInt8], of loginKey: String, against verifier: SCRAMVerifier) throws(CryptographyError) -> Bool {
        let digest = try digest(password, loginKey, verifier)
        return generations.withLock { generations in
            if generations.young.contains(digest) { return true }
            guard generations.old.contains(digest) else { return false }
            insert(digest, into: &generations)
            return true
        }
    }

    /// Notes that it was.
    public func insert(_ password: [UInt8], of loginKey: String, against verifier: SCRAMVerifier) throws(CryptographyError) {
        let digest = try digest(password, loginKey, verifier)
        generations.withLock { insert(digest, into: &$0) }
    }

    /// The digests that are kept.
    var count: Int { generations.withLock { $0.young.union($0.old).count } }

    private func insert(_ digest: [UInt8], into generations: inout Generations) {
        if generations.young.count >= half { (generations.old, generations.young) = (generations.young, []) }
        generations.young.insert(digest)
    }

    private func digest(_ password: [UInt8], _ loginKey: String, _ verifier: SCRAMVerifier) throws(CryptographyError) -> [UInt8] {
        // The lengths first, so that no two triples give the same octets.
        var octets = Array("\(loginKey.utf8.count) \(password.count) \(loginKey)".utf8) + password + Array(verifier.text.utf8)
        defer { OPENSSL_cleanse(&octets, octets.count) }
        return try hmacSHA256(key: key, octets: octets)
    }
}
