import MailVocabulary
import MessageQueue

/// Which recipients `postern queue list` shows: `--refused`, `--recipient ADDRESS`, both or neither.
struct QueueFilter {
    private(set) var isRefusedOnly = false
    /// The recipient's own address, or the one that was written to.
    private var recipient: AddressKey?

    init(_ arguments: [String], defaultDomain: DomainName) throws(ControlRefusal) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--refused": isRefusedOnly = true
            case "--recipient":
                var address = ControlArguments(Array(rest.prefix(1)), defaultDomain: defaultDomain)
                recipient = AddressKey(try address.lastAddress())
                rest = rest.dropFirst()
            default: throw .usage("unexpected argument '\(word)'")
            }
        }
    }

    func admits(_ entry: QueueEntry) -> Bool {
        guard let recipient else { return true }
        if AddressKey(entry.recipient) == recipient || entry.writtenTo.map(AddressKey.init) == recipient { return true }
        let original = entry.originalRecipient.flatMap { OriginalRecipient(parameter: $0) }.flatMap { EmailAddress(parsing: $0.address) }
        return original.map(AddressKey.init) == recipient
    }
}
