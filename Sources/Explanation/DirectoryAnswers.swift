import Directory
import MailVocabulary
import Routing

/// A directory as routing asks it: the same for live mail and for `postern explain` (law 4).
public struct DirectoryAnswers: RoutingDirectory {
    public let directory: Directory

    public init(_ directory: Directory) { self.directory = directory }

    public func answer(for recipient: EmailAddress) throws(DirectoryError) -> DirectoryAnswer {
        if let expansion = try directory.expand(recipient) { return .known(KnownRecipient(expansion)) }
        return directory.hasNeverHadAnybody ? .nobodyYet : .unknown
    }

    public func groups(of address: EmailAddress) throws(DirectoryError) -> Set<AddressKey> { try directory.groups(of: address) }

    public func ownAddresses(of account: EmailAddress) throws(DirectoryError) -> [EmailAddress] {
        guard case .mailbox(let id)? = try directory.resolve(address: account)?.content else { return [account] }
        return try directory.ownAddresses(of: id)
    }
}

extension KnownRecipient {
    public init(_ expansion: Expansion) {
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
