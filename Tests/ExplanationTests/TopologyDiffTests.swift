import MailVocabulary
import Testing
import Topology
import TopologyFile

@testable import Explanation

@Suite("What a change of the configuration changes for mail")
struct TopologyDiffTests {
    private func diff(_ edit: (String) -> String) throws -> TopologyDiff {
        let text = edit(School.configuration)
        let loaded = TopologyFile.parse(Array(text.utf8), path: "new.yaml")
        return try TopologyDiff(
            from: School.topology, to: try #require(loaded.topology, "\(loaded.findings)"), now: Timestamp(seconds: 1_795_521_600))
    }

    @Test("another order, other words and comments change nothing")
    func nothing() throws {
        #expect(try diff { $0 }.changes.isEmpty)
        let moved = try diff { "# a comment\n" + $0.replacing("hostname: mx.school.example", with: "hostname: mx2.school.example") }
        #expect(moved.changes.isEmpty && moved.addedServers.isEmpty && moved.removedServers.isEmpty)
    }

    @Test("who may relay from now on, and to where, each with both rules")
    func relay() throws {
        let changes = try diff { $0.replacing("accounts: { grant: [\"group:staff\"] }", with: "accounts: all") }.changes
        let change = try #require(changes.first { $0.recipients.contains("a domain that nothing names") })
        #expect(changes.allSatisfy { $0.servers == ["clients"] })
        #expect(change.senders == ["a stranger, any other account"])
        #expect(change.before.outcome == "refused: 550 5.7.1 Relaying denied" || change.before.outcome.hasPrefix("refused: 550 5.7.1"))
        #expect(change.after.outcome == "accepted: connector general, next hop dns:elsewhere.invalid")
        #expect(change.before.rule.contains("postern.yaml:") && change.after.rule.contains("new.yaml:"), "\(change)")
    }

    @Test("what a connector carries no longer is told by size, priority and kind, once where it is so for every message")
    func natures() throws {
        func natures(_ content: String) throws -> [String: String] {
            let changes = try diff { $0.replacing("{ maximum_size: 1MiB }", with: content) }.changes
                .filter { $0.servers == ["clients"] && $0.recipients.contains("a domain that nothing names") }
            return Dictionary(changes.map { ($0.nature, $0.after.outcome) }) { first, _ in first }
        }
        let (general, backup) = (
            "accepted: connector general, next hop dns:elsewhere.invalid", "accepted: connector backup, next hop smart_hosts:backup"
        )
        #expect(try natures("{ maximum_size: 10MiB }") == ["larger than 1MiB": general])
        #expect(try natures("{ maximum_size: 1MiB, priorities: [high, normal] }") == ["of low priority": backup])
        #expect(try natures("{ maximum_size: 1MiB, types: [non_system] }") == ["written by a program": backup])
        let closed = try diff { $0.replacing("accounts: { grant: [\"group:staff\"] }", with: "accounts: none") }
        #expect(!closed.changes.isEmpty && closed.changes.allSatisfy(\.nature.isEmpty))
    }

    @Test("an address that somebody may use from now on is told, with who")
    func sendAs() throws {
        let granted = try diff {
            $0.replacing(
                "domains:", with: "permissions: { send_as: [{ who: [\"group:staff\"], addresses: [office@school.example] }] }\ndomains:")
        }
        let change = try #require(granted.changes.first)
        #expect(
            granted.changes.allSatisfy {
                $0.senders.allSatisfy { $0.contains("group:staff") && $0.hasSuffix("writing as office@school.example") }
            })
        #expect(change.before.outcome.hasPrefix("refused: 550 5.7.1") && change.after.outcome.hasPrefix("accepted"), "\(change)")
    }

    @Test("a new connector and a domain that is ours no longer are found; a server that is gone is said")
    func others() throws {
        let partner = try diff {
            $0 + "\n  partner:\n    address_spaces: [{ domain: partner.example }]\n    deliver: dns\n    relay: true\n"
        }.changes
        #expect(
            partner.contains {
                $0.servers.contains("internet") && $0.recipients == ["somebody in partner.example"]
                    && $0.before.outcome.hasPrefix("refused")
            })
        let renamed = try diff { $0.replacing("  clients:\n", with: "  people:\n") }
        #expect(renamed.removedServers == ["clients"] && renamed.addedServers == ["people"] && renamed.changes.isEmpty)
        let shared = try diff { $0.replacing("school.example: authoritative", with: "school.example: shared") }.changes
        #expect(shared.contains { $0.recipients == ["a name in school.example that nobody has"] })
        #expect(!shared.contains { $0.recipients.contains("somebody in school.example") })
    }

    @Test("address spaces and servers for which a change reads the same are one change; where it differs, it is another")
    func merging() throws {
        let spaces = "[{ domain: a.test }, { domain: b.test }, { domain: \"*.c.test\" }, { domain: d.test }]"
        let connector = "\n  partner:\n    address_spaces: \(spaces)\n    deliver: dns\n    relay: true\n"
        let changes = try diff { $0 + connector }.changes.filter { $0.before.outcome.hasPrefix("refused") }
        let strangers = try #require(changes.first { $0.servers.contains("internet") })
        #expect(strangers.recipients == ["somebody in a.test", "somebody in b.test", "a domain below c.test", "somebody in d.test"])
        #expect(strangers.after.outcome == "accepted: connector partner, next hop dns:a.test" && strangers.example.hasSuffix("a.test>"))
        #expect(changes.filter { $0.servers == strangers.servers && $0.senders == strangers.senders }.count == 1)
    }

    @Test("a rule that only matters to members of two groups is found: a denial that goes, another list at the connector behind the relay")
    func twoGroups() throws {
        let staff = "accounts: { grant: [\"group:staff\"] }"
        let denied = "accounts: { grant: [\"group:staff\"], deny: [\"group:interns\"] }"
        let change = try #require(
            try diff { $0.replacing(staff, with: denied) }.changes.first { $0.recipients.contains("a domain that nothing names") })
        #expect(change.senders == ["a stranger, as a member of group:interns@school.example and a member of group:staff@school.example"])
        #expect(change.before.outcome.hasPrefix("accepted") && change.after.outcome.hasPrefix("refused: 550 5.7.1 Relaying denied"))
        let behind = try diff {
            $0.replacing("content: { maximum_size: 1MiB }", with: "restrictions: { reject_from: [\"sam; group:guests\"] }")
        }.changes.filter {
            $0.servers == ["clients"] && $0.recipients == ["a domain that nothing names"] && $0.before.outcome.contains("general")
                && $0.nature.isEmpty
        }
        #expect(
            behind.flatMap(\.senders) == [
                "a stranger, as a member of group:guests@school.example and a member of group:staff@school.example",
                "a stranger, as sam@school.example and a member of group:staff@school.example",
            ])
    }

    @Test("the kind 'a denial is named': who may relay no longer is named, with the line that says so")
    func denial() throws {
        let all = School.configuration.replacing("accounts: { grant: [\"group:staff\"] }", with: "accounts: all")
        let listed = School.configuration.replacing(
            "accounts: { grant: [\"group:staff\"] }", with: "accounts: { grant: [\"group:staff\"], deny: [carl] }")
        func topology(_ text: String, _ path: String) throws -> Topology {
            try #require(TopologyFile.parse(Array(text.utf8), path: path).topology)
        }
        let diff = try TopologyDiff(from: topology(all, "old.yaml"), to: topology(listed, "new.yaml"), now: Timestamp(seconds: 0))
        func change(_ sender: String) throws -> TopologyDiff.Change {
            try #require(
                diff.changes.first { $0.senders == [sender] && $0.recipients.contains("a domain that nothing names") }, "\(diff.changes)")
        }
        let line = try #require(listed.split(separator: "\n", omittingEmptySubsequences: false).first { $0.contains("deny: [carl]") })
        let column = try #require(line.firstRange(of: "carl")).lowerBound.utf16Offset(in: line) + 1
        let carl = try change("a stranger, as carl@school.example")
        #expect(carl.before.outcome.hasPrefix("accepted: connector general") && carl.before.rule.hasPrefix("rule 2b  old.yaml:13:"))
        #expect(carl.after.outcome.hasPrefix("refused: 550 5.7.1") && carl.after.rule == "rule 2b  new.yaml:13:\(column)", "\(carl)")
        let others = try change("a stranger, any other account")
        #expect(others.after.rule.hasPrefix("rule 2b  new.yaml:13:") && others.after.rule != carl.after.rule)
        #expect(!diff.changes.contains { $0.senders.contains { $0.hasSuffix("as a member of group:staff@school.example") } })
        // Nobody at all is one word.
        let none = try TopologyDiff(
            from: topology(listed.replacing("deny: [carl]", with: "deny: []"), "old.yaml"),
            to: topology(School.configuration.replacing("accounts: { grant: [\"group:staff\"] }", with: "accounts: none"), "new.yaml"),
            now: Timestamp(seconds: 0))
        #expect(none.changes.allSatisfy { $0.senders == ["a stranger, as a member of group:staff@school.example"] }, "\(none.changes)")
    }

    @Test("the kind 'a new server lists what it permits', with the rule that permits it; and a role that changes is told")
    func newServer() throws {
        let added = try diff {
            $0.replacing(
                "connectors:",
                with: """
                      printers:
                        role: submission
                        listen: ["127.0.0.1:2587"]
                        authentication: { anonymous: true }
                        relay: { computers: { only: [10.1.0.0/16] } }
                    connectors:
                    """)
        }
        #expect(added.addedServers == ["printers"] && added.changes.isEmpty)
        let relay = try #require(added.permitted.first { $0.recipients.contains("a domain that nothing names") }, "\(added.permitted)")
        #expect(relay.senders.contains("a computer of 10.1.0.0/16, nobody logged in"), "\(relay)")
        #expect(!relay.senders.contains { $0.hasPrefix("a stranger") })
        #expect(relay.after.outcome.hasPrefix("accepted: connector general") && relay.after.rule.hasPrefix("rule 2c  new.yaml:"))
        let role = try diff {
            $0.replacing("{ role: edge, listen", with: "{ role: submission, authentication: { anonymous: true }, listen")
        }
        #expect(role.settings.map(\.what).contains("virtual server internet: role"))
        #expect(role.changes.contains { $0.before.outcome == "nobody can log in there" && $0.senders == ["a stranger, any account"] })
    }

    @Test("the kind 'what is so only while a connector is down, or for one in two messages' is told, too")
    func fallbacks() throws {
        let third = "\n  third:\n    address_spaces: [{ domain: \"*\", cost: COST }]\n    deliver: { smart_hosts: [third.example] }\n"
        func outcomes(_ cost: String) throws -> [String] {
            try diff { $0 + third.replacing("COST", with: cost) }.changes
                .filter { $0.recipients.contains("a domain that nothing names") && $0.nature.isEmpty }.map(\.after.outcome)
        }
        let (general, third2) = ("connector general, next hop dns:elsewhere.invalid", "connector third, next hop smart_hosts:third")
        let backup = "connector backup, next hop smart_hosts:backup"
        #expect(
            try outcomes("30") == ["accepted: \(general); while that is down, \(backup); while that is down, \(third2)"])
        #expect(try outcomes("1") == ["1 of 2 messages accepted: \(general); 1 of 2 messages accepted: \(third2)"])
        #expect(try outcomes("10") == ["accepted: \(general); while that is down, \(third2)"])
    }

    @Test("a setting that nothing follows yet is told as such")
    func inactive() throws {
        let settings = try diff { $0.replacing("Mon..Fri", with: "Sat") }.settings
        #expect(settings.map(\.what) == ["connector backup: schedule"] && settings.allSatisfy { !$0.isActive })
    }

    @Test(
        "a list of computers that becomes narrower or wider is found, wherever the difference lies in it",
        arguments: [
            ("10.0.0.0/8", "10.0.0.0/16"), ("10.0.0.0/8", "10.255.0.0/16"), ("10.0.0.0/8, 10.0.0.0/9", "10.0.0.0/9"),
            ("10.0.0.0/8", "10.0.0.0/9, 10.192.0.0/10"), ("2001:db8::/32", "2001:db8::/33"), ("0.0.0.0/2", "0.0.0.0/3"),
            ("192.0.2.1", "192.0.2.2"), ("240.0.0.0/4", "240.0.0.0/5"),
        ])
    func computers(old: String, new: String) throws {
        func topology(_ list: String) throws -> Topology {
            let relay = "relay: { accounts: { grant: [\"group:staff\"] }, computers: { only: [\(list)] } }"
            let text = School.configuration.replacing("relay: { accounts: { grant: [\"group:staff\"] } }", with: relay).replacing(
                "authentication: {", with: "authentication: { anonymous: true,")
            let loaded = TopologyFile.parse(Array(text.utf8), path: "new.yaml")
            return try #require(loaded.topology, "\(loaded.findings)")
        }
        let (one, two) = (try topology(old), try topology(new))
        for (first, second) in [(one, two), (two, one)] {
            #expect(try !TopologyDiff(from: first, to: second, now: Timestamp(seconds: 0)).changes.isEmpty)
        }
        #expect(try TopologyDiff(from: one, to: one, now: Timestamp(seconds: 0)).changes.isEmpty)
    }

    @Test(
        "where and how a connector hands mail over is a change, though every decision stays",
        arguments: [
            (
                "smart_hosts: [smart.isp.example]", "smart_hosts: [other.isp.example, \"[192.0.2.25]:2525\"]", "deliver",
                "smart hosts smart.isp.example", "smart hosts other.isp.example, [192.0.2.25]:2525"
            ),
            (
                "/tmp/mail/{domain}", "/srv/mail/{domain}", "deliver", "Maildir /tmp/mail/{domain}/{user}",
                "Maildir /srv/mail/{domain}/{user}"
            ),
            ("deliver: dns", "deliver: dns\n    tls: { mode: required }", "tls", "opportunistic", "required"),
            ("deliver: dns", "deliver: dns\n    helo: true", "helo", "false", "true"),
            ("Mon..Fri 07:00-19:00", "Sat 08:00-12:30", "schedule", "Mon,Tue,Wed,Thu,Fri 07:00-19:00", "Sat 08:00-12:30"),
        ])
    func setting(old: String, new: String, aspect: String, before: String, after: String) throws {
        let found = try diff { $0.replacing(old, with: new) }
        #expect(found.changes.isEmpty && found.settings.count == 1, "\(found)")
        let setting = try #require(found.settings.first)
        #expect(setting.what.hasSuffix(": \(aspect)"), "\(setting)")
        #expect(setting.before.outcome == before && setting.after.outcome == after, "\(setting)")
        #expect(setting.before.rule.hasPrefix("postern.yaml:") && setting.after.rule.hasPrefix("new.yaml:"))
    }

    @Test("the ways of an outbound profile, and the host of unknown recipients")
    func profile() throws {
        let slower = try diff { $0 + "\noutbound: { default: { expiration: 3d, connections: { port: 2525 } } }\n" }.settings.map(\.what)
        #expect(
            slower == [
                "connector mailboxes: expiration", "connector general: port", "connector general: expiration", "connector backup: port",
                "connector backup: expiration",
            ])
        let server = try diff {
            $0.replacing(
                "role: edge,", with: "role: edge, connections: { access: { only: [10.0.0.0/8] } }, limits: { message_size: 1MiB },")
        }
        #expect(
            server.settings.map(\.what) == [
                "virtual server internet: access", "virtual server internet: message size", "virtual server internet: limits",
            ])
        #expect(server.settings.map(\.after.outcome).prefix(2) == ["only 10.0.0.0/8", "1MiB"] && server.changes.isEmpty)
        func shared(_ host: String) throws -> Topology {
            let text = School.configuration.replacing(
                "school.example: authoritative", with: "school.example: { shared: { unknown_to: \(host) } }")
            return try #require(TopologyFile.parse(Array(text.utf8), path: "x.yaml").topology)
        }
        let moved = try TopologyDiff(from: shared("a.example"), to: shared("b.example"), now: Timestamp(seconds: 0)).settings
        #expect(moved.map(\.what) == ["unknown recipients of school.example"] && moved.map(\.after.outcome) == ["b.example"])
    }
}
