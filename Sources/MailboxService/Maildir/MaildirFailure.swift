import DurableStorage
import MailVocabulary

/// Why a message did not get into a Maildir.
enum MaildirFailure: Error, Hashable, Sendable {
    /// A part of the address cannot be a component of a path.
    case unsafeName(String)
    case file(FileError)

    /// What the core is told. Names no path: a report may carry it to a stranger.
    var reply: Reply {
        switch self {
        case .unsafeName:
            Reply(550, "5.1.3", "The address cannot name a mailbox here")
        case .file(let error) where error.isOverQuota:
            Reply(452, "4.2.2", "The mailbox is full")
        case .file(let error) where error.isNoSpace:
            Reply(452, "4.3.1", "No space left where the mailbox lies")
        case .file:
            Reply(451, "4.3.0", "The mailbox cannot be written at present")
        }
    }
}

extension MaildirFailure: CustomStringConvertible {
    /// For the log: names the path.
    var description: String {
        switch self {
        case .unsafeName(let name): "\"\(name)\" cannot be a component of a path"
        case .file(let error): "\(error)"
        }
    }
}
