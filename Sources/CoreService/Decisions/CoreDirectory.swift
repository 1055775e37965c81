import Directory
import Explanation
import MailVocabulary
import Routing

/// The core's directory as routing asks it, with a bound on what one recipient may become.
struct CoreDirectory: RoutingDirectory {
    let directory: Directory
    /// Final addresses that a recipient may become at most.
    var room = Int.max
    /// The recipient that is decided about, and where it leads, if that was found before.
    var found: (recipient: EmailAddress, destinations: Destinations)?

    private var answers: DirectoryAnswers { DirectoryAnswers(directory) }

    /// - Throws: `TooManyRecipients`, or what the directory throws.
    func answer(for recipient: EmailAddress) throws(any Error) -> DirectoryAnswer {
        if let found, found.recipient == recipient {
            guard found.destinations.count <= room else { throw TooManyRecipients() }
            return .arranged(found.destinations)
        }
        let answer = try answers.answer(for: recipient)
        if case .known(let known) = answer, known.mailboxes.count + known.outside.count > room { throw TooManyRecipients() }
        return answer
    }

    func groups(of address: EmailAddress) throws(any Error) -> Set<AddressKey> { try answers.groups(of: address) }

    func ownAddresses(of account: EmailAddress) throws(any Error) -> [EmailAddress] { try answers.ownAddresses(of: account) }
}
