/// NTLM's messages of a client ([MS-NLMP] §2.2.1): NEGOTIATE, then AUTHENTICATE, whose fields all lie within the message.
struct NTLMMessages: ClientMessages {
    private static let signature = Array("NTLMSSP\0".utf8)
    private var count = 0

    mutating func objection(to message: [UInt8]) -> String? {
        count += 1
        switch count {
        case 1: return negotiateObjection(message)
        case 2: return authenticateObjection(message)
        default: return "NTLM's client has two messages"
        }
    }

    /// Signature, type, flags; then perhaps domain and workstation.
    private func negotiateObjection(_ message: [UInt8]) -> String? {
        guard message.count >= 16, message.starts(with: Self.signature), number(message, at: 8, octets: 4) == 1 else {
            return "no NTLM message of type 1"
        }
        guard message.count >= 32 else { return message.count == 16 ? nil : "NTLM's message of type 1 ends within a field" }
        return [16, 24].allSatisfy { field(message, at: $0, after: 32) != nil } ? nil : "a field of NTLM's message lies outside of it"
    }

    /// Signature and type; then the two responses, domain, user and workstation, each as length, room and offset.
    private func authenticateObjection(_ message: [UInt8]) -> String? {
        guard message.count >= Self.fixedPart, message.starts(with: Self.signature), number(message, at: 8, octets: 4) == 3 else {
            return "no NTLM message of type 3"
        }
        guard let lan = field(message, at: 12, after: Self.fixedPart), let nt = field(message, at: 20, after: Self.fixedPart),
            let domain = field(message, at: 28, after: Self.fixedPart), let user = field(message, at: 36, after: Self.fixedPart),
            field(message, at: 44, after: Self.fixedPart) != nil
        else { return "a field of NTLM's message lies outside of it" }
        // An answer has 24 octets; that of version 2, its digest and at least 28 octets besides (§2.2.2.7, §2.2.2.8).
        guard lan == 0 || lan == 24, nt == 0 || nt == 24 || nt >= 44, lan + nt > 0 else {
            return "an answer of NTLM has \(lan) and \(nt) octets"
        }
        guard domain <= MessageLimit.name, user <= MessageLimit.name else { return "a name has more than \(MessageLimit.name) octets" }
        return nil
    }

    /// Signature, type, target name, flags, the challenge of 8 octets and 8 reserved ones; then perhaps more, which the field may lie in.
    static func challengeObjection(_ message: [UInt8]) -> String? {
        let ntlm = NTLMMessages()
        guard message.count >= 32, message.starts(with: signature), ntlm.number(message, at: 8, octets: 4) == 2 else {
            return "no NTLM message of type 2"
        }
        guard let target = ntlm.field(message, at: 12, after: 32) else { return "a field of NTLM's message lies outside of it" }
        return target <= MessageLimit.name ? nil : "a name has more than \(MessageLimit.name) octets"
    }

    /// Up to the workstation's field; session key and flags came later.
    private static let fixedPart = 52

    /// The length of a field; nil where it does not lie within the message, behind its fixed part.
    private func field(_ message: [UInt8], at position: Int, after fixedPart: Int) -> Int? {
        let (length, offset) = (number(message, at: position, octets: 2), number(message, at: position + 4, octets: 4))
        guard length > 0 else { return 0 }
        return offset >= fixedPart && offset + length <= message.count ? length : nil
    }

    private func number(_ message: [UInt8], at position: Int, octets: Int) -> Int {
        message[position..<position + octets].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

/// NTLM's message of a server ([MS-NLMP] §2.2.1.2): CHALLENGE, whose target name lies within the message; an empty one has the client begin.
struct NTLMServerMessages: ServerMessages {
    private var hasChallenged = false

    mutating func objection(to message: [UInt8]) -> String? {
        guard !hasChallenged else { return "NTLM's server has one message" }
        if message.isEmpty { return nil }
        hasChallenged = true
        return NTLMMessages.challengeObjection(message)
    }
}
