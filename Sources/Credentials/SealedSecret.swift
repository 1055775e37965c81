import COpenSSL

/// A password that can be read again, sealed with AES-256-GCM: what NTLM and CRAM-MD5 need, and the weaker choice for everybody else.
///
/// The text is `AES-256-GCM$1$<nonce>$<sealed octets and tag>`, base 64; `1` is the version of the format. The names of account and
/// credential are authenticated with it: a sealed secret that was copied to another row does not open there.
public struct SealedSecret: Hashable, Sendable {
    /// Whom a secret belongs to.
    public struct Owner: Hashable, Sendable {
        public let account: String
        public let credential: String

        /// Both as they compare: the address in lower case, and the login name's key.
        public init(account: String, credential: String) { (self.account, self.credential) = (account, credential) }

        /// The length first, so that no two pairs give the same octets.
        fileprivate var associatedData: [UInt8] {
            Array("postern secret 1 \(account.utf8.count) \(account) \(credential)".utf8)
        }
    }

    /// Octets of nonce and tag (NIST SP 800-38D §5.2.1).
    private static let nonceCount = 12
    private static let tagCount = 16
    private static let prefix = "AES-256-GCM$1$"
    /// Of the text form: the longest password, nonce and tag in base 64.
    public static let maximumTextOctets = 1500

    private let nonce: [UInt8]
    /// The encrypted octets and the tag.
    private let box: [UInt8]

    /// Seals a password with a new random nonce.
    ///
    /// - Throws: where OpenSSL fails or has no randomness.
    public init(sealing password: PreparedPassword, for owner: Owner, with key: SecretKey) throws(CryptographyError) {
        nonce = try randomOctets(Self.nonceCount)
        let context = try Self.context()
        defer { EVP_CIPHER_CTX_free(context) }
        let data = owner.associatedData
        // As it was typed: NTLM and CRAM-MD5 do not normalise passwords.
        let plain = password.typed ?? password.octets
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: Self.tagCount)
        var count: Int32 = 0
        guard EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key.octets, nonce) == 1,
            EVP_EncryptUpdate(context, nil, &count, data, Int32(data.count)) == 1,
            EVP_EncryptUpdate(context, &sealed, &count, plain, Int32(plain.count)) == 1, count == plain.count,
            EVP_EncryptFinal_ex(context, nil, &count) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagCount), &tag) == 1
        else { throw CryptographyError("AES-256-GCM encryption") }
        box = sealed + tag
    }

    /// Opens the secret.
    ///
    /// - Returns: the password's octets; nil where key or owner is another than at sealing, or where the text was changed.
    /// - Throws: where OpenSSL fails.
    public func open(for owner: Owner, with key: SecretKey) throws(CryptographyError) -> [UInt8]? {
        let context = try Self.context()
        defer { EVP_CIPHER_CTX_free(context) }
        let data = owner.associatedData
        let sealed = Array(box.dropLast(Self.tagCount))
        var tag = Array(box.suffix(Self.tagCount))
        var plain = [UInt8](repeating: 0, count: sealed.count)
        var count: Int32 = 0
        guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key.octets, nonce) == 1,
            EVP_DecryptUpdate(context, nil, &count, data, Int32(data.count)) == 1,
            EVP_DecryptUpdate(context, &plain, &count, sealed, Int32(sealed.count)) == 1, count == sealed.count,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagCount), &tag) == 1
        else { throw CryptographyError("AES-256-GCM decryption") }
        guard EVP_DecryptFinal_ex(context, nil, &count) == 1 else {
            OPENSSL_cleanse(&plain, plain.count)
            return nil
        }
        return plain
    }

    /// Reads the text form; nil for anything else, another version among it.
    public init?(parsing text: some StringProtocol) {
        guard text.utf8.count <= Self.maximumTextOctets, text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 2, let nonce = Base64.decode(parts[0]), nonce.count == Self.nonceCount,
            let box = Base64.decode(parts[1]), box.count > Self.tagCount
        else { return nil }
        (self.nonce, self.box) = (nonce, box)
    }

    /// The text form, as it is stored.
    public var text: String { "\(Self.prefix)\(Base64.encode(nonce))$\(Base64.encode(box))" }

    private static func context() throws(CryptographyError) -> OpaquePointer {
        guard let context = EVP_CIPHER_CTX_new() else { throw CryptographyError("EVP_CIPHER_CTX_new") }
        return context
    }
}
