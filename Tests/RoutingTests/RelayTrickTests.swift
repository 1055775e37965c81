import MailVocabulary
import Testing
import Topology

@testable import Routing

/// What people have tried on relays for forty years: the paths as they stand in `RCPT TO:`, read by the grammar that the server reads.
@Suite("Relay tricks")
struct RelayTrickTests {
    struct Trick: Sendable, CustomStringConvertible {
        let path, outcome: String
        var description: String { path }
    }

    /// Outcome `syntax`: the grammar refuses it before anything is decided.
    static let tricks = [
        // Local parts that once meant a next hop. They are names here, and nobody has them.
        Trick(path: "<victim%far.example@school.example>", outcome: "550 5.1.1"),
        Trick(path: "<far.example!victim@school.example>", outcome: "550 5.1.1"),
        Trick(path: "<\"victim@far.example\"@school.example>", outcome: "550 5.1.1"),
        Trick(path: "<\"victim%far.example\"@school.example>", outcome: "550 5.1.1"),
        Trick(path: "<\"@far.example:victim\"@school.example>", outcome: "550 5.1.1"),
        // In a shared domain the local part is the other system's business, and goes there as it is.
        Trick(path: "<victim%far.example@shared.example>", outcome: "mailboxes"),
        // Source routes are dropped (RFC 5321 appendix C): what counts is the mailbox.
        Trick(path: "<@school.example:victim@far.example>", outcome: "550 5.7.1"),
        Trick(path: "<@school.example,@partner.example:victim@far.example>", outcome: "550 5.7.1"),
        Trick(path: "<@far.example:anna@school.example>", outcome: "mailboxes"),
        // Two domains.
        Trick(path: "<victim@far.example@school.example>", outcome: "syntax"),
        Trick(path: "<victim@far.example,anna@school.example>", outcome: "syntax"),
        Trick(path: "<victim@far.example%school.example>", outcome: "syntax"),
        Trick(path: "<victim@school.example@far.example>", outcome: "syntax"),
        // Address literals, ours among them.
        Trick(path: "<victim@[192.0.2.1]>", outcome: "550 5.7.1"),
        Trick(path: "<victim@[127.0.0.1]>", outcome: "550 5.7.1"),
        Trick(path: "<victim@[IPv6:2001:db8::1]>", outcome: "550 5.7.1"),
        Trick(path: "<anna@[school.example]>", outcome: "syntax"),
        Trick(path: "<victim%far.example@[127.0.0.1]>", outcome: "550 5.7.1"),
        // The same domain in other words.
        Trick(path: "<Anna@SCHOOL.Example>", outcome: "mailboxes"),
        Trick(path: "<anna@SCHOOL.Example>", outcome: "mailboxes"),
        Trick(path: "<anna@school.example.>", outcome: "mailboxes"),
        Trick(path: "<anna@school.example..>", outcome: "syntax"),
        Trick(path: "<victim@far.example.>", outcome: "550 5.7.1"),
        Trick(path: "<victim@PARTNER.example.>", outcome: "partner"),
        Trick(path: "<victim@xpartner.example>", outcome: "550 5.7.1"),
        Trick(path: "<victim@partner.example.far.example>", outcome: "550 5.7.1"),
        Trick(path: "<victim@x.partner.example>", outcome: "550 5.7.1"),
        // IDN: full-width letters map to ours (UTS 46), look-alikes do not.
        Trick(path: "<anna@ｓｃｈｏｏｌ.example>", outcome: "mailboxes"),
        Trick(path: "<anna@schооl.example>", outcome: "550 5.7.1"),
        // No domain, no mailbox.
        Trick(path: "<victim>", outcome: "syntax"), Trick(path: "<far.example!victim>", outcome: "syntax"),
        Trick(path: "<\"victim@far.example\">", outcome: "syntax"), Trick(path: "<@school.example>", outcome: "syntax"),
    ]

    @Test("from outside, with our own addresses as the reverse-path", arguments: tricks)
    func outside(_ trick: Trick) throws {
        for from in ["a@far.example", "anna@school.example", "<>"] {
            #expect(try Self.outcome(trick, "internet", from: from) == trick.outcome)
        }
    }

    @Test("from inside, without a login, on a computer that may not relay", arguments: tricks)
    func inside(_ trick: Trick) throws { #expect(try Self.outcome(trick, "printers", from: "scan@school.example") == trick.outcome) }

    @Test("logged in, without the permission to relay", arguments: tricks)
    func authenticated(_ trick: Trick) throws {
        #expect(try Self.outcome(trick, "nobody anna", from: "anna@school.example") == trick.outcome)
    }

    private static func outcome(_ trick: Trick, _ via: String, from: String) throws -> String {
        var parser = AddressParser(bytes: Array(trick.path.utf8))
        guard let recipient = parser.path(), parser.isAtEnd else { return "syntax" }
        var facts = World.facts(via, from: from, to: "x@far.example")
        facts.recipient = recipient
        return World.outcome(World.table.decide(facts, directory: World.directory()))
    }
}
