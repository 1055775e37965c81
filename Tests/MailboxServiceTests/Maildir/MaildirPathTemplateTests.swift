import MailVocabulary
import Testing

@testable import MailboxService

@Suite("MaildirPathTemplate")
struct MaildirPathTemplateTests {
    private func address(_ local: String, _ domain: String = "Example.ORG") throws -> EmailAddress {
        let name = try #require(DomainName(parsing: domain))
        return try #require(EmailAddress(localPart: local, domain: .name(name)))
    }

    @Test(
        "placeholders become components, in lower case; what lies above the first is the base",
        arguments: [
            ("/var/mail/{domain}/{user}", "/var/mail", "/var/mail/example.org/jörg.x"),
            ("/var/mail/{user}/Maildir", "/var/mail", "/var/mail/jörg.x/Maildir"),
            ("/srv/m/u-{user}@{domain}", "/srv/m", "/srv/m/u-jörg.x@example.org"),
            ("var/mail/{user}", "var/mail", "var/mail/jörg.x"), ("{user}", "", "jörg.x"), ("/{user}", "/", "/jörg.x"),
            ("//var//mail/{user}/", "/var/mail", "/var/mail/jörg.x"),
        ])
    func expands(template: String, base: String, path: String) throws {
        let folder = try #require(MaildirPathTemplate(template)).folder(of: address("Jörg.X"))
        #expect(folder.base == base)
        #expect(folder.path == path)
        #expect(folder.steps.last == path)
    }

    @Test("each folder below the base is a step")
    func steps() throws {
        let folder = try #require(MaildirPathTemplate("/m/{domain}/x/{user}")).folder(of: address("u"))
        #expect(folder.steps == ["/m/example.org", "/m/example.org/x", "/m/example.org/x/u"])
    }

    @Test(
        "an address that would leave its place in the path is refused for good",
        arguments: [
            "../../etc/passwd", "..", ".", ".ssh", "a/b", "/", "/etc", "a\u{85}b", String(repeating: "x", count: 240),
        ])
    func refuses(local: String) throws {
        let template = try #require(MaildirPathTemplate("/var/mail/the-mailbox-folder-of-{user}"))
        // Where the address itself cannot exist, the type has refused it already.
        guard let address = EmailAddress(localPart: local, domain: .literal(IPAddress(ipv4: 0x7F00_0001))) else { return }
        let failure = #expect(throws: MaildirFailure.self) { try template.folder(of: address) }
        #expect(failure?.reply == Reply(550, "5.1.3", "The address cannot name a mailbox here"))
    }

    @Test(
        "a template with a stray brace, an unknown placeholder or none is none",
        arguments: [
            "/var/mail/{user", "/var/mail/user}", "/var/mail/{name}", "/var/mail/{}", "/var/mail", "", "/", "/a/{us/er}",
        ])
    func refusesTemplate(text: String) {
        #expect(MaildirPathTemplate(text) == nil)
    }
}
