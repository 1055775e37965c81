/// CRAM-MD5 (RFC 2195 §2): one response, a name, a space, and 16 octets as 32 hexadecimal digits.
struct CRAMMD5Messages: ClientMessages {
    private static let digits = 32
    private var isOver = false

    mutating func objection(to message: [UInt8]) -> String? {
        guard !isOver else { return "CRAM-MD5 has one message" }
        isOver = true
        guard message.count > Self.digits, message[message.count - Self.digits - 1] == UInt8(ascii: " ") else {
            return "CRAM-MD5's response has no space before its \(Self.digits) digits"
        }
        let isDigest = message.suffix(Self.digits).allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
                || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0)
        }
        guard isDigest else { return "CRAM-MD5's digest is not hexadecimal" }
        return message.dropLast(Self.digits + 1).isName ? nil : "the name is not UTF-8, or longer than \(MessageLimit.name) octets"
    }
}

/// CRAM-MD5's challenge (RFC 2195 §2): any octets but NUL, once; real ones look like a message ID.
struct CRAMMD5ServerMessages: ServerMessages {
    private var hasChallenged = false

    mutating func objection(to message: [UInt8]) -> String? {
        guard !hasChallenged else { return "CRAM-MD5's server has one message" }
        hasChallenged = true
        guard !message.isEmpty, message.count <= MessageLimit.name else { return "CRAM-MD5's challenge has \(message.count) octets" }
        return message.contains(0) ? "CRAM-MD5's challenge has a NUL" : nil
    }
}
