/// SCRAM's messages of a client (RFC 5802 §7): `client-first-message`, `client-final-message`, and an empty one after the server's last
/// word, as SMTP's success has no data (RFC 4954 §4).
struct SCRAMClientMessages: ClientMessages {
    /// Of the hash that the mechanism uses.
    let proofOctets: Int
    private var header: [UInt8]?
    private var hasProof = false

    init(proofOctets: Int) { self.proofOctets = proofOctets }

    mutating func objection(to message: [UInt8]) -> String? {
        guard !hasProof else { return message.isEmpty ? nil : "SCRAM's client has two messages" }
        guard let header else { return first(message) }
        hasProof = true
        return final(message, header)
    }

    private mutating func first(_ message: [UInt8]) -> String? {
        guard let header = GS2Header(message) else { return "SCRAM's first message has no GS2 header without channel binding" }
        guard let attributes = SCRAMAttributes(header.rest), attributes.begins(with: "nr"),
            SCRAMAttributes.isName(attributes.list[0].value), SCRAMAttributes.isNonce(attributes.list[1].value)
        else { return "SCRAM's first message is not a name and a nonce" }
        self.header = Array(header.octets)
        return nil
    }

    private func final(_ message: [UInt8], _ header: [UInt8]) -> String? {
        guard let attributes = SCRAMAttributes(message), attributes.begins(with: "cr"), attributes.list.count >= 3,
            attributes.list.last?.name == UInt8(ascii: "p"), SCRAMAttributes.isNonce(attributes.list[1].value)
        else { return "SCRAM's final message is not a channel binding, a nonce and a proof" }
        guard SCRAMAttributes.decoded(attributes.list[0].value) == header else { return "SCRAM's final message repeats another GS2 header" }
        guard let proof = attributes.list.last.flatMap({ SCRAMAttributes.decoded($0.value) }), proof.count == proofOctets else {
            return "SCRAM's proof does not have \(proofOctets) octets"
        }
        return nil
    }
}
