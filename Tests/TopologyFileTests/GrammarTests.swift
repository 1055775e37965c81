import MailVocabulary
import Testing
import Topology

@testable import TopologyFile

@Suite("Values as text")
struct GrammarTests {
    @Test("durations", arguments: [("90s", 90), ("10m", 600), ("12h", 43_200), ("2d", 172_800), ("0s", 0)])
    func duration(text: String, seconds: Int64) {
        #expect(DurationText.parse(text) == .seconds(seconds))
        #expect(DurationText.parse(DurationText.describe(.seconds(seconds))) == .seconds(seconds))
    }

    @Test("what is not a duration", arguments: ["", "s", "10", "-1s", "1.5h", "10 m", "1w", "10M", "1000000000d", "１0s"])
    func notADuration(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(
        "days of a window",
        arguments: [
            ("Mon..Fri 07:00-19:00", 5), ("Fri..Mon 07:00-19:00", 4), ("sat,SUN 00:00-24:00", 2), ("*-*-* 22:00-05:00", 7),
            ("22:00-05:00", 7), ("Mon,Wed..Fri 01:00-02:00", 4),
        ])
    func window(text: String, days: Int) throws { #expect(try #require(WeeklyTimes.window(text)).days.count == days) }

    @Test(
        "what is not a window",
        arguments: [
            "", "Mon", "Mon 07:00", "Mon.. 07:00-08:00", "Mo 07:00-08:00", "24:00-05:00", "07:00-07:00", "07:60-08:00",
            "Mon  Tue 07:00-08:00", "+7:00-08:00",
        ])
    func notAWindow(text: String) { #expect(WeeklyTimes.window(text) == nil) }

    @Test(
        "hosts to send to",
        arguments: [
            ("relay.example", "relay.example"), ("Relay.Example:25", "relay.example:25"), ("[192.0.2.1]", "[192.0.2.1]"),
            ("[2001:db8::1]:26", "[2001:db8::1]:26"), ("[IPv6:2001:db8::1]", "[2001:db8::1]"),
        ])
    func smartHost(text: String, written: String) throws { #expect(try #require(Hosts.smartHost(text)).description == written) }

    @Test(
        "what is not a host to send to",
        arguments: ["", ":25", "a:b", "a:1:2", "[a]", "[192.0.2.1", "192.0.2.1", "192.0.2.1:25", "a:", "a:+5", "a:99999", "[192.0.2.1]25"])
    func notASmartHost(text: String) { #expect(Hosts.smartHost(text) == nil) }

    @Test("name servers", arguments: [("192.0.2.53", 53), ("127.0.0.1:5353", 5353), ("2001:db8::53", 53), ("[2001:db8::53]:54", 54)])
    func nameServer(text: String, port: Int) throws { #expect(try #require(Hosts.nameServer(text)).port == port) }

    @Test(
        "LMTP servers",
        arguments: [("unix:lmtp", "unix:/f/lmtp"), ("localhost:24", "localhost:24"), ("127.0.0.1:24", "[127.0.0.1]:24")])
    func lmtp(text: String, written: String) throws { #expect(try #require(Hosts.lmtp(text, folder: "/f")).description == written) }

    @Test(
        "postern-mailbox asks no DNS, so an LMTP server has no name but `localhost`",
        arguments: ["store.example:24", "store.example", "localhost", "/run/lmtp", "unix:", "[::1]"])
    func notLMTP(text: String) {
        #expect(Hosts.lmtp(text, folder: "/f") == nil)
        #expect(TextKind.lmtp.problem(text) != nil)
    }

    @Test("several users in one text are separated by `;` (S24)")
    func principals() throws {
        let domain = try #require(DomainName(parsing: "example.org"))
        let kinds = try #require(Principals.parseList("s.alexander; m.allen@b.example ;group:all", defaultDomain: domain))
        #expect(kinds.map { Principal($0).description } == ["s.alexander@example.org", "m.allen@b.example", "group:all@example.org"])
        #expect(Principals.parseList("a;;b", defaultDomain: domain) == nil && Principals.parseList("", defaultDomain: domain) == nil)
    }

    @Test(
        "one text stands where a list of users does", arguments: [#""tim; group:staff""#, #"["tim; group:staff"]"#, "[tim, 'group:staff']"])
    func oneText(written: String) throws {
        let result = Fixture.load(
            Fixture.base.replacing("deliver: dns", with: "deliver: dns\n    restrictions: { reject_from: \(written) }"))
        let connector = try #require(
            result.topology?.connectors.first { $0.restrictions.byDefault == .accept && !$0.restrictions.rejectFrom.isEmpty })
        #expect(connector.restrictions.rejectFrom.map(\.description).map { $0.prefix { $0 != "@" } } == ["tim", "group:staff"])
        #expect(connector.restrictions.rejectFrom.allSatisfy { $0.location.line > 0 })
    }

    @Test(
        "the nearest word",
        arguments: [
            ("hostnme", "hostname"), ("conectors", "connectors"), ("reverse-dns", "reverse_dns"), ("Version", "version"), ("xyz", nil),
        ] as [(String, String?)])
    func suggestion(word: String, nearest: String?) {
        #expect(Suggestion.nearest(to: word, among: ["hostname", "connectors", "reverse_dns", "version"]) == nearest)
    }
}
