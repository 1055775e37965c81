import MailVocabulary
import MessageFormat
import NIOCore
import Routing

extension Core {
    /// Whether whoever is logged in may be the author that the message names (`permissions.check_header`); nil where nothing speaks against
    /// it, and where nobody is logged in: computers that may send without are trusted with that.
    ///
    /// - Parameter beginning: of the message, with the whole header; what is longer than is looked at is refused.
    func refusal(ofAuthorIn beginning: ByteBuffer, sender: EnvelopeSender, origin: MailOrigin) -> Reply? {
        guard topology.permissions.checksHeader, case .submission(let session) = origin, session.account != nil else { return nil }
        // Why the field is unreadable is said in the same words: the client sees what it wrote.
        let authors = try? AuthorField.authors(beginning: beginning.readableBytesView)
        do {
            let verdict = try routing.decideAuthors(authors, in: session, directory: CoreDirectory(directory: directory))
            if let refusal = verdict.refusal { refusals.note(refusal, sender, in: session, at: .now(), verdict.trace) }
            return verdict.refusal?.reply
        } catch {
            log.error("the directory cannot be read", metadata: ["from": "\(sender.reversePath)", "error": "\(error)"])
            return Self.directoryFails
        }
    }
}
