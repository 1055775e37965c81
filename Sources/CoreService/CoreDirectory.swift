import Directory
import MailVocabulary
import Routing

/// The core's directory as routing asks it.
struct CoreDirectory: RoutingDirectory {
    let directory: Directory
    /// Final addresses that a recipient may become at most.
    var room = Int.max

    /// - Throws: `TooManyRecipients`, or what the directory throws.
    func answer(for recipient: EmailAddress) throws(any Error) -> DirectoryAnswer {
        guard let expansion = try directory.expand(recipient) else { return .unknown }
        if expansion.mailboxes.count + expansion.outside.count > room { throw TooManyRecipients() }
        return .known(KnownRecipient(expansion))
    }

    func groups(of address: EmailAddress) throws(any Error) -> Set<AddressKey> { try directory.groups(of: address) }

    func ownAddresses(of account: EmailAddress) throws(any Error) -> [EmailAddress] {
        guard case .mailbox(let id)? = try directory.resolve(recipient: account)?.content else { return [account] }
        return try directory.ownAddresses(of: id)
    }
}

extension KnownRecipient {
    init(_ expansion: Expansion) {
        self.init(
            steps: expansion.trace.compactMap { step in
                switch step.outcome {
                case .alias(let count): Step(.alias, step.address, via: step.via, count: count)
                case .group(let count): Step(.group, step.address, via: step.via, count: count)
                default: nil
                }
            },
            mailboxes: expansion.mailboxes, outside: expansion.outside.map { Outside($0.address, via: $0.via) },
            problems: expansion.problems.map { "\($0)" })
    }
}
