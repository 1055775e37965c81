import MailVocabulary
import NIOCore
import Testing

@testable import CoreService

@Suite("Mailbox servers that lack SMTPUTF8")
struct UTF8MailboxesTests {
    private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("only what says so counts, for its connector alone, and for an hour")
    func known() {
        var mailboxes = UTF8Mailboxes()
        mailboxes.note(Reply(550, "5.1.1", "no such user"), from: "a", now: Self.now)
        mailboxes.note(Reply(453, "4.6.7", "not now"), from: "a", now: Self.now)
        #expect(!mailboxes.lacks("a", now: Self.now))
        mailboxes.note(Reply(553, "5.6.7", "no SMTPUTF8"), from: "a", now: Self.now)
        #expect(mailboxes.lacks("a", now: Self.now) && !mailboxes.lacks("b", now: Self.now))
        #expect(!mailboxes.lacks("a", now: Self.now + UTF8Mailboxes.memory))
        mailboxes.keep(["b"])
        #expect(!mailboxes.lacks("a", now: Self.now))
    }
}
