import COpenSSL

/// The kind and size of a public key.
public enum KeyKind: Hashable, Sendable {
    case rsa(bits: Int)
    /// An elliptic curve by OpenSSL's name: `prime256v1` is P-256.
    case ec(curve: String, bits: Int)
    case other(String, bits: Int)

    init(_ key: OpaquePointer) {
        let bits = Int(EVP_PKEY_get_bits(key))
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: self = .rsa(bits: bits)
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 64)
            var count = 0
            let hasName = EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1
            self = .ec(curve: hasName ? name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } : "unnamed", bits: bits)
        default: self = .other(EVP_PKEY_get0_type_name(key).map { String(cString: $0) } ?? "unknown", bits: bits)
        }
    }

    public var bits: Int {
        switch self {
        case .rsa(let bits), .ec(_, let bits), .other(_, let bits): bits
        }
    }

    /// Two pairs of one kind cannot stand side by side for one name.
    var family: String {
        switch self {
        case .rsa: "RSA"
        case .ec: "ECDSA"
        case .other(let name, _): name
        }
    }
}

extension KeyKind: CustomStringConvertible {
    public var description: String {
        switch self {
        case .rsa(let bits): "RSA \(bits)"
        case .ec(let curve, _): "ECDSA \(curve == "prime256v1" ? "P-256" : curve == "secp384r1" ? "P-384" : curve)"
        case .other(let name, let bits): "\(name) \(bits)"
        }
    }
}
