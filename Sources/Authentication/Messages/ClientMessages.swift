import MailVocabulary

/// What a client may say with one mechanism. Each message is checked here before a C library reads it: its framing, its lengths, and what
/// the mechanism's grammar promises. A value; one for each exchange.
protocol ClientMessages: Sendable {
    /// - Returns: what is wrong with the client's next message, for the log; nil where the library may read it.
    mutating func objection(to message: [UInt8]) -> String?
}

/// The checks of one mechanism.
func clientMessages(of mechanism: SASLMechanism) -> any ClientMessages {
    switch mechanism {
    case .plain: PlainMessages()
    case .login: LoginMessages()
    case .cramMD5: CRAMMD5Messages()
    case .scramSHA1: SCRAMClientMessages(proofOctets: 20)
    case .scramSHA256: SCRAMClientMessages(proofOctets: 32)
    case .gssapi: GSSAPIClientMessages()
    case .gs2Kerberos: GS2ClientMessages()
    case .ntlm: NTLMMessages()
    }
}

/// What all grammars here bound.
enum MessageLimit {
    /// Of one name, in octets: more than anybody's login name has, which is 254 at most.
    static let name = 1024
    /// Of a nonce.
    static let nonce = 1024
}

extension Collection<UInt8> {
    /// Whether these octets can be a name: UTF-8 without NUL, and no longer than any name is read.
    var isName: Bool {
        count <= MessageLimit.name && !contains(0) && String(validating: self, as: UTF8.self) != nil
    }

    /// RFC 5802 §7: `printable` is every visible character of US-ASCII but the comma.
    var isPrintable: Bool { allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") } }
}
