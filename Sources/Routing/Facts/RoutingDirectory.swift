import MailVocabulary

/// What routing asks of a directory, and only when a rule needs the answer.
///
/// Routing does not know who answers: the core's directory, or a file of `postern explain`. Answers are facts, so they are the same for
/// the same question throughout one decision.
public protocol RoutingDirectory {
    /// Why the directory cannot answer: the decision cannot be taken now.
    associatedtype Failure: Error

    /// What a recipient in one of our domains (never an alias of one) is; asked at most once for a decision, and for a postmaster once more.
    func answer(for recipient: EmailAddress) throws(Failure) -> DirectoryAnswer

    /// The groups that an address is in, directly, over aliases and over other groups; the address itself, where it is a group, is not
    /// among them. Asked only where a rule that is looked at names a group.
    func groups(of address: EmailAddress) throws(Failure) -> Set<AddressKey>

    /// The addresses that an account may call its own: that of its mailbox, and of the aliases that lead to it alone.
    func ownAddresses(of account: EmailAddress) throws(Failure) -> [EmailAddress]
}
