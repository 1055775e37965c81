/// GSSAPI's messages of a client (RFC 4752 §3.1): the context token, an empty one when the context stands, and what is wrapped in it.
struct GSSAPIClientMessages: ClientMessages {
    private var hasContext = false

    mutating func objection(to message: [UInt8]) -> String? {
        if hasContext { return message.isEmpty ? nil : KerberosToken.wrapObjection(message, from: .initiator) }
        hasContext = true
        return KerberosToken.initialObjection(message)
    }
}

/// GS2-KRB5's messages of a client (RFC 5801 §4): the header and the context token without its frame, then nothing more to say.
struct GS2ClientMessages: ClientMessages {
    private var hasContext = false

    mutating func objection(to message: [UInt8]) -> String? {
        if hasContext { return message.isEmpty ? nil : "GS2-KRB5's client has one message" }
        hasContext = true
        guard let header = GS2Header(message) else { return "GS2-KRB5's first message has no GS2 header without channel binding" }
        return KerberosToken.requestObjection(header.rest)
    }
}
