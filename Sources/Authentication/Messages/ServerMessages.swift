import MailVocabulary

/// What a server may say to our client with one mechanism: checked here before a C library reads it. A value; one for each exchange.
protocol ServerMessages: Sendable {
    /// - Returns: what is wrong with the server's next message, for the log; nil where the library may read it.
    mutating func objection(to message: [UInt8]) -> String?
}

/// The checks of one mechanism.
func serverMessages(of mechanism: SASLMechanism) -> any ServerMessages {
    switch mechanism {
    case .scramSHA1: SCRAMServerMessages(signatureOctets: 20)
    case .scramSHA256: SCRAMServerMessages(signatureOctets: 32)
    case .gssapi, .gs2Kerberos: KerberosServerMessages()
    case .cramMD5: CRAMMD5ServerMessages()
    case .ntlm: NTLMServerMessages()
    case .plain, .login: PromptMessages()
    }
}

/// The prompts of PLAIN and LOGIN, of which nothing is read: servers have different ones, and some have more to say than that.
struct PromptMessages: ServerMessages {
    mutating func objection(to message: [UInt8]) -> String? {
        message.count <= MessageLimit.name ? nil : "a prompt of \(message.count) octets"
    }
}

/// SCRAM's messages of a server (RFC 5802 §7): `server-first-message`, `server-final-message`, and the empty one that ends an exchange.
struct SCRAMServerMessages: ServerMessages {
    let signatureOctets: Int
    private var count = 0

    init(signatureOctets: Int) { self.signatureOctets = signatureOctets }

    mutating func objection(to message: [UInt8]) -> String? {
        count += 1
        switch count {
        case 1:
            guard let attributes = SCRAMAttributes(message), attributes.begins(with: "rsi"),
                SCRAMAttributes.isNonce(attributes.list[0].value),
                let salt = SCRAMAttributes.decoded(attributes.list[1].value), !salt.isEmpty,
                attributes.list[2].value.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return "its first message is not a nonce, a salt and an iteration count" }
            return nil
        case 2:
            guard let attributes = SCRAMAttributes(message) else { return "its final message is no message of SCRAM" }
            if attributes.begins(with: "e") { return nil }
            let signature = attributes.begins(with: "v") ? SCRAMAttributes.decoded(attributes.list[0].value) : nil
            return signature?.count == signatureOctets ? nil : "its signature does not have \(signatureOctets) octets"
        default: return nil
        }
    }
}

/// GSSAPI's messages of a server (RFC 4752 §3.2): the context token, then what is wrapped in it.
struct KerberosServerMessages: ServerMessages {
    private var hasContext = false

    mutating func objection(to message: [UInt8]) -> String? {
        if hasContext { return message.isEmpty ? nil : KerberosToken.wrapObjection(message, from: .acceptor) }
        hasContext = true
        return KerberosToken.replyObjection(message)
    }
}
