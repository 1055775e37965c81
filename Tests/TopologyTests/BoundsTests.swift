import MailVocabulary
import Testing
import Topology

@Suite("What each role may touch")
struct BoundsTests {
    private static func topology(_ deliver: DeliveryMethod, state: String = "/var/lib/postern") throws -> Topology {
        Topology(
            source: "/etc/postern/postern.yaml", hostname: try #require(DomainName(parsing: "mx.test")), stateDirectory: state,
            connectors: [Connector(name: "mailboxes", addressSpaces: [], deliver: deliver)])
    }

    private static let maildir = DeliveryMethod.maildir(pathTemplate: "/srv/mail/{domain}/{user}")

    @Test(
        "what it writes, what is hidden from it, and whether it has the Internet",
        arguments: [
            (Role.core, ["/var/lib/postern", "/run/postern"], ["/srv/mail"], false),
            (.auth, ["/run/postern", "/var/tmp"], ["/var/lib/postern", "/srv/mail"], false),
            (.mailbox, ["/srv/mail"], ["/var/lib/postern"], false),
            (.edge, [], ["/var/lib/postern", "/srv/mail"], true),
            (.submission, [], ["/var/lib/postern", "/srv/mail"], true),
            (.delivery, [], ["/var/lib/postern", "/srv/mail"], true),
        ])
    func table(role: Role, writable: [String], hidden: [String], hasNetwork: Bool) throws {
        let bounds = Bounds(of: role, in: try Self.topology(Self.maildir), programs: ["/usr/lib/postern"])
        #expect(bounds.writable == writable)
        #expect(bounds.hidden == hidden)
        #expect(bounds.hasNetwork == hasNetwork)
        #expect(bounds.readable.contains("/etc/postern"))
        #expect(bounds.readable.contains("/usr/lib/postern"))
        #expect(!bounds.readable.contains("/var/lib/postern"))
    }

    @Test("mailbox has the Internet where LMTP goes over TCP")
    func lmtp() throws {
        let host = try #require(DomainName(parsing: "imap.test"))
        let tcp = Bounds(of: .mailbox, in: try Self.topology(.lmtp(.tcp(host: .name(host), port: 24))), programs: ["/usr/bin"])
        #expect(tcp.hasNetwork)
        let unix = Bounds(of: .mailbox, in: try Self.topology(.lmtp(.unix(path: "/run/lmtp"))), programs: ["/usr/bin"])
        #expect(!unix.hasNetwork)
    }

    @Test("a folder that holds the configuration or the sockets is not hidden", arguments: ["/etc", "/run", "/etc/postern"])
    func notHidden(state: String) throws {
        let bounds = Bounds(of: .edge, in: try Self.topology(.dns, state: state), programs: ["/usr/bin"])
        #expect(bounds.hidden.isEmpty)
    }

    @Test(
        "the folder of Maildirs is what stands before the first placeholder, and never the root",
        arguments: [("/home/{user}/Maildir", ["/home"]), ("/srv/m-{user}", ["/srv"]), ("/{user}", []), ("/srv/all", ["/srv/all"])])
    func roots(template: String, roots: [String]) throws {
        let bounds = Bounds(of: .mailbox, in: try Self.topology(.maildir(pathTemplate: template)), programs: ["/usr/bin"])
        #expect(bounds.writable == roots)
    }

    @Test("what another configuration asks for and these bounds do not give is told; less, or something within, is nothing")
    func lacking() throws {
        func lacking(_ role: Role, from old: DeliveryMethod, to new: DeliveryMethod) throws -> [String] {
            Bounds(of: role, in: try Self.topology(old), programs: []).lacking(Bounds(of: role, in: try Self.topology(new), programs: []))
        }
        let other = DeliveryMethod.maildir(pathTemplate: "/home/{user}/Maildir")
        #expect(try lacking(.mailbox, from: Self.maildir, to: other) == ["write to /home"])
        #expect(try lacking(.edge, from: Self.maildir, to: other) == [])
        #expect(try lacking(.mailbox, from: Self.maildir, to: .maildir(pathTemplate: "/srv/mail/new/{user}")) == [])
        #expect(try lacking(.mailbox, from: Self.maildir, to: .dns) == [])
        let host = try #require(DomainName(parsing: "imap.test"))
        #expect(try lacking(.mailbox, from: Self.maildir, to: .lmtp(.tcp(host: .name(host), port: 24))) == ["use the Internet"])
        // State that moves into a folder that was hidden.
        let hidden = Bounds(of: .edge, in: try Self.topology(Self.maildir), programs: [])
        let within = Topology(
            source: "/srv/mail/postern.yaml", hostname: host, stateDirectory: "/var/lib/postern",
            connectors: [Connector(name: "mailboxes", addressSpaces: [], deliver: Self.maildir)])
        #expect(hidden.lacking(Bounds(of: .edge, in: within, programs: [])) == ["read /srv/mail"])
    }
}
