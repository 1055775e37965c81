import MailVocabulary
import Testing
import Topology
import TopologyFile

@testable import Explanation

@Suite("Names in the configuration that nobody has")
struct NamesWithoutEntryTests {
    private static func topology() throws -> Topology {
        let text =
            School.configuration
            .replacing(
                "{ school.example: authoritative }", with: "{ school.example: authoritative, old.example: { alias_of: school.example } }"
            )
            .replacing(
                "grant: [\"group:staff\"]", with: "grant: [\"group:staf\", office, anna@far.example], deny: [karl, staff, \"group:sam\"]"
            )
            .replacing(
                "    deliver: dns\n", with: "    deliver: dns\n    restrictions: { reject_from: [heda, spam@far.example, \"group:sta\"] }\n"
            )
                + """

                postmaster: hed
                permissions:
                  receive:
                    - { to: [san, head, "group:all", offise], from: [ana@old.example, anna, "group:leaders"] }
                  send_as:
                    - { who: ["group:leader"], addresses: [offise@school.example, noreply@school.example, "*@school.example"] }

                """
        let loaded = TopologyFile.parse(Array(text.utf8), path: "postern.yaml")
        guard let topology = loaded.topology else { throw DirectoryMissing(findings: loaded.findings) }
        return topology
    }

    private struct DirectoryMissing: Error { let findings: [Finding] }

    @Test("kind: each name that nobody has, or that is of another kind, is told with its place, what comes of it, and what was meant")
    func names() throws {
        let findings = NamesWithoutEntry.findings(in: try School.document(), topology: try Self.topology())
        #expect(findings.allSatisfy { $0.severity == .warning && $0.location.line > 1 })
        #expect(
            Set(findings.map { "\($0.path): \($0.message)" }) == [
                "virtual_servers.clients.relay.accounts.grant: there is no group `staf@school.example`; did you mean `staff@school.example`?: "
                    + "it grants nobody anything",
                "virtual_servers.clients.relay.accounts.grant: `office@school.example` is an alias, and an account goes by its user's own address"
                    + "; did you mean `front@school.example`?: it grants nobody anything",
                "virtual_servers.clients.relay.accounts.grant: `anna@far.example` is in none of our domains, so no account has this address: "
                    + "it grants nobody anything",
                "virtual_servers.clients.relay.accounts.deny: there is no user `karl@school.example`: it denies nobody anything",
                "virtual_servers.clients.relay.accounts.deny: `staff@school.example` is a group, which is written `group:staff@school.example`: "
                    + "it denies nobody anything",
                "virtual_servers.clients.relay.accounts.deny: `sam@school.example` is a user, and no group: it denies nobody anything",
                "connectors.general.restrictions.reject_from: there is no user `heda@school.example`; did you mean `head@school.example`?: "
                    + "it rejects nobody",
                "connectors.general.restrictions.reject_from: there is no group `sta@school.example`: it rejects nobody",
                "postmaster: there is no user, alias or group `hed@school.example`; did you mean `head@school.example`?: "
                    + "mail for postmaster@ our domains is refused",
                "permissions.receive[0].to: there is no user, alias or group `san@school.example`; did you mean `sam@school.example`?: "
                    + "it protects nobody",
                "permissions.receive[0].to: there is no user, alias or group `offise@school.example`; did you mean `office@school.example`?: "
                    + "it protects nobody",
                "permissions.receive[0].from: there is no user `ana@school.example`; did you mean `anna@school.example`?: it lets nobody write",
                "permissions.send_as[0].who: there is no group `leader@school.example`; did you mean `leaders@school.example`?: "
                    + "it grants nobody anything",
                "permissions.send_as[0].addresses: nobody has the address `offise@school.example`; did you mean `office@school.example`?",
            ])
    }

    @Test("a catch-all takes what nobody has; an empty directory is no reason to warn of everything")
    func quiet() throws {
        let topology = try Self.topology()
        #expect(NamesWithoutEntry.findings(in: DirectoryDocument(), topology: topology).isEmpty)
        var document = try School.document()
        document.aliases.append(.init(.init(EmailAddress(parsing: "*@school.example")!), targets: [document.users[0]], isForward: false))
        let paths = NamesWithoutEntry.findings(in: document, topology: topology).map(\.path)
        #expect(
            !paths.contains("postmaster") && !paths.contains("permissions.receive[0].to") && paths.contains("permissions.send_as[0].who"))
    }

    @Test("kind: what a domain that is an alias has of its own is never reached, and said")
    func leftovers() throws {
        var document = try School.document()
        document.users += ["zoe@old.example", "bob@old.example"].map { .init(EmailAddress(parsing: $0)!) }
        let found = NamesWithoutEntry.findings(in: document, topology: try Self.topology()).filter {
            $0.path == "domains.old.example.alias_of"
        }
        #expect(
            found.map(\.message) == [
                "the directory has 2 addresses in this domain, such as `bob@old.example`: mail for it goes to `school.example`, and never reaches them"
            ])
    }
}
