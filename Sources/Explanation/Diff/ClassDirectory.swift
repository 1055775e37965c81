import MailVocabulary
import Routing

/// A directory in which every name of ours is a mailbox, but for the recipient of the example, and examples are in their groups.
struct ClassDirectory: RoutingDirectory {
    let recipient: RecipientClasses.Recipient
    let sender: SenderClasses.Person

    func answer(for address: EmailAddress) -> DirectoryAnswer {
        address == recipient.address ? recipient.answer : .known(KnownRecipient(mailboxes: [address]))
    }

    func groups(of address: EmailAddress) -> Set<AddressKey> {
        let key = AddressKey(address)
        if key == AddressKey(sender.account ?? sender.address) { return sender.groups }
        return key == AddressKey(recipient.address) ? recipient.groups : []
    }

    func ownAddresses(of account: EmailAddress) -> [EmailAddress] { [account] }
}
