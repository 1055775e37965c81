import COpenSSL

/// HMAC-SHA-256 (RFC 2104): 32 octets.
public func hmacSHA256(key: [UInt8], _ message: String) throws(CryptographyError) -> [UInt8] {
    try hmacSHA256(key: key, octets: Array(message.utf8))
}

/// The same of octets.
public func hmacSHA256(key: [UInt8], octets: [UInt8]) throws(CryptographyError) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    guard HMAC(EVP_sha256(), key, Int32(key.count), octets, octets.count, &digest, nil) != nil else { throw CryptographyError("HMAC") }
    return digest
}

/// SHA-256 (RFC 6234): 32 octets.
func sha256(_ octets: [UInt8]) throws(CryptographyError) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    guard SHA256(octets, octets.count, &digest) != nil else { throw CryptographyError("SHA256") }
    return digest
}

/// From OpenSSL's generator.
public func randomOctets(_ count: Int) throws(CryptographyError) -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&octets, Int32(count)) == 1 else { throw CryptographyError("no random numbers") }
    return octets
}
