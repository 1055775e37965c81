/// PLAIN (RFC 4616 §2): authorization identity, name and password, with a NUL between them.
///
/// The password's octets are the client's own affair: what is no UTF-8 is a wrong password, and no broken message.
struct PlainMessages: ClientMessages {
    private var isOver = false

    mutating func objection(to message: [UInt8]) -> String? {
        guard !isOver else { return "PLAIN has one message" }
        isOver = true
        let parts = message.split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return "PLAIN has two NULs, not \(parts.count - 1)" }
        return parts[0].isName && parts[1].isName ? nil : "a name is not UTF-8, or longer than \(MessageLimit.name) octets"
    }
}

/// LOGIN (draft-murchison-sasl-login): the name, then the password.
struct LoginMessages: ClientMessages {
    private var count = 0

    mutating func objection(to message: [UInt8]) -> String? {
        count += 1
        guard !message.contains(0) else { return "a NUL in a message of LOGIN" }
        switch count {
        case 1: return message.isName ? nil : "the name is not UTF-8, or longer than \(MessageLimit.name) octets"
        case 2: return nil
        default: return "LOGIN has two messages"
        }
    }
}
