import COpenSSL
import MailVocabulary
import Synchronization

/// The keys that session tickets are sealed with (RFC 5077 §4, RFC 8446 §4.6.1). They live in this process alone.
///
/// A stolen key opens the sessions that were resumed with its tickets, so each is used for a while and then forgotten.
public final class TicketKeys: Sendable {
    /// How long a key seals new tickets. It opens them for as long again.
    public static let defaultPeriod = Duration.seconds(8 * 3600)

    struct Key {
        /// Sent in the ticket.
        let name: [UInt8]
        let cipherKey: [UInt8]
        let macKey: [UInt8]
        let madeAt: Timestamp

        init?(madeAt: Timestamp) {
            var octets = [UInt8](repeating: 0, count: 16 + 32 + 32)
            guard RAND_bytes(&octets, Int32(octets.count)) == 1 else { return nil }
            (name, cipherKey, macKey) = (Array(octets[..<16]), Array(octets[16..<48]), Array(octets[48...]))
            self.madeAt = madeAt
            OPENSSL_cleanse(&octets, octets.count)
        }
    }

    let period: Duration
    private let now: @Sendable () -> Timestamp
    /// Newest first, at most two.
    private let keys = Mutex<[Key]>([])

    /// - Parameters:
    ///   - period: how long a key seals; tickets are good for at least as long.
    ///   - now: the clock.
    public init(period: Duration = defaultPeriod, now: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        (self.period, self.now) = (period, now)
    }

    /// The key for a new ticket; nil where OpenSSL has no randomness.
    func sealing() -> Key? {
        let moment = now()
        return keys.withLock { keys in
            keys.removeAll { $0.madeAt + period + period <= moment }
            if let newest = keys.first, moment < newest.madeAt + period { return newest }
            guard let key = Key(madeAt: moment) else { return nil }
            keys.insert(key, at: 0)
            if keys.count > 2 { keys.removeLast() }
            return key
        }
    }

    /// The key of a ticket, and whether the client should have a newer one; nil where it is not ours, or too old.
    func opening(_ name: UnsafeBufferPointer<UInt8>) -> (key: Key, isOld: Bool)? {
        let moment = now()
        return keys.withLock { keys in
            guard let key = keys.first(where: { $0.name.elementsEqual(name) }), moment < key.madeAt + period + period else { return nil }
            return (key, moment >= key.madeAt + period)
        }
    }

    /// For a new ticket.
    fileprivate func seal(
        _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer, _ mac: OpaquePointer
    ) -> Int32 {
        guard let key = sealing(), RAND_bytes(vector, EVP_MAX_IV_LENGTH) == 1 else { return -1 }
        name.update(from: key.name, count: 16)
        guard EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipherKey, vector) == 1, key.setMAC(mac) else { return -1 }
        return 1
    }

    /// For one that came in: 0 where it is unknown, 2 where the client should have a newer one.
    ///
    /// - Parameter isSpent: a client uses it once (TLS 1.3, RFC 8446 appendix C.4), so without a newer one it could not resume again.
    fileprivate func open(
        _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer, _ mac: OpaquePointer,
        isSpent: Bool
    ) -> Int32 {
        guard let (key, isOld) = opening(UnsafeBufferPointer(start: name, count: 16)) else { return 0 }
        guard key.setMAC(mac), EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipherKey, vector) == 1 else { return -1 }
        return isOld || isSpent ? 2 : 1
    }
}

extension TicketKeys.Key {
    fileprivate func setMAC(_ context: OpaquePointer) -> Bool {
        var key = macKey
        return postern_set_ticket_mac(context, &key, key.count) == 1
    }
}

/// As OpenSSL asks for the keys of a ticket.
let ticketCallback:
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?, Int32
    ) -> Int32 = { ssl, name, vector, cipher, mac, isSealing in
        guard let keys = TLSEngine.of(ssl)?.server?.ticketKeys, let name, let vector, let cipher, let mac else { return -1 }
        guard isSealing != 1 else { return keys.seal(name, vector, cipher, mac) }
        return keys.open(name, vector, cipher, mac, isSpent: SSL_version(ssl) >= TLS1_3_VERSION)
    }
