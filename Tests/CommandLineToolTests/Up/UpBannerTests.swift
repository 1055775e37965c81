import MailVocabulary
import Testing
import Topology

@testable import CommandLineTool

@Suite("the banner of postern up")
struct UpBannerTests {
    static func domain(_ text: String) throws -> DomainName { try #require(DomainName(parsing: text)) }
    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(parsing: text)) }

    static func topology(listen: String = "127.0.0.1", domains: [String] = ["postern.test"], template: String = "/srv/mail/{domain}/{user}")
        throws
        -> Topology
    {
        Topology(
            hostname: try domain("mail.postern.test"), stateDirectory: "/srv/state", runtimeDirectory: "/srv/run",
            domains: try domains.map { ReceivingDomain(name: try domain($0)) },
            virtualServers: [VirtualServer(name: "internet", listeners: [Listener(address: try address(listen), port: 2525)])],
            connectors: [
                Connector(
                    name: "mailboxes", addressSpaces: try domains.map { AddressSpace(.exact(try domain($0))) },
                    deliver: .maildir(pathTemplate: template)),
                Connector(name: "general", addressSpaces: [AddressSpace(.any)], deliver: .dns),
            ])
    }

    static func banner(_ topology: Topology, configuration: String = "topology/quickstart/postern.yaml", notReady: [SupervisedDaemon] = [])
        -> UpBanner
    {
        UpBanner(topology: topology, configuration: configuration, program: ".build/release/postern", notReady: notReady)
    }

    @Test("it says what listens where, where mail goes, and how to send a first message")
    func whole() throws {
        let expected = """

            Postern is up.

              listens     127.0.0.1:2525  internet, edge
              mailboxes   postern.test  mailboxes: /srv/mail/{domain}/{user}
              goes on     *  general: DNS
              state       /srv/state
              control     /srv/run/control.sock
              configured  topology/quickstart/postern.yaml

            A first message: paste this line into another shell

              .build/release/postern user add you@postern.test --config topology/quickstart/postern.yaml; swaks --server 127.0.0.1 \
            --port 2525 --from friend@example.org --to you@postern.test --header 'Subject: Hello' --body 'It works.'

            It arrives in /srv/mail/postern.test/you/new/

            Ctrl-C stops everything.

            """
        #expect(Self.banner(try Self.topology()).text(colour: false) == expected)
    }

    @Test("colour is for terminals, and changes no word")
    func colour() throws {
        let banner = Self.banner(try Self.topology())
        let coloured = banner.text(colour: true)
        #expect(coloured.contains("\u{1b}[1mPostern is up.\u{1b}[0m"))
        #expect(coloured.replacing(/\u{1b}\[\d+m/, with: "") == banner.text(colour: false))
    }

    @Test("daemons that are not ready are named")
    func notReady() throws {
        let text = Self.banner(try Self.topology(), notReady: [.delivery, .edge]).text(colour: false)
        #expect(text.contains("Not ready yet: postern-delivery, postern-edge (see the log lines)."))
        #expect(!text.contains("Postern is up."))
    }

    @Test(
        "a listener on all addresses is reached on loopback",
        arguments: [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("192.0.2.1", "192.0.2.1")])
    func reachable(listen: String, server: String) throws {
        #expect(Self.banner(try Self.topology(listen: listen)).firstMessage?.contains("--server \(server) --port 2525 ") == true)
    }

    @Test("without a domain of ours with mailboxes there is no first message to send")
    func noMailbox() throws {
        let banner = Self.banner(try Self.topology(domains: []))
        #expect(banner.firstMessage == nil)
        #expect(!banner.text(colour: false).contains("first message"))
    }

    @Test("the line to paste is one shell line whatever the file is called")
    func quoting() throws {
        let line = try #require(Self.banner(try Self.topology(), configuration: "my mail/it's; rm.yaml").firstMessage)
        #expect(line.contains("--config 'my mail/it'\\''s; rm.yaml'; swaks "))
        #expect(UpBanner.quoted("") == "''")
        #expect(UpBanner.quoted("plain-1.2/x") == "plain-1.2/x")
        #expect(UpBanner.quoted("$(x)") == "'$(x)'")
    }

    @Test("unknown braces of a mailbox template stay as they are")
    func template() throws {
        #expect(
            Self.banner(try Self.topology(template: "/m/{x}/{user}@{domain}{")).text(colour: false).contains(
                "/m/{x}/you@postern.test{/new/"))
    }
}
