import MailVocabulary
import Testing

@testable import Routing

@Suite("Next hops as text")
struct NextHopTests {
    @Test(
        "the text is stable, and reads back as the same next hop",
        arguments: [
            "dns:far.example", "dns:[192.0.2.1]", "dns:[IPv6:2001:db8::1]", "smart_hosts:general", "maildir:mailboxes", "lmtp:with:colon",
            "held:branch", "direct_first:far.example", "direct_first:[192.0.2.1]", "unknown_to:ours.example",
        ])
    func roundTrip(text: String) throws {
        #expect(try #require(NextHop(parsing: text)).description == text)
    }

    @Test(
        "anything else is none",
        arguments: ["", "dns", "dns:", "dns:-", "dns:a@b", "dns:[x]", "maildir:", "MAILDIR:x", "pigeon:x", ":x", "far.example"])
    func nonsense(text: String) {
        #expect(NextHop(parsing: text) == nil)
    }
}
