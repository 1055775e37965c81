import CoreLink
import Directory
import MailVocabulary
import Testing

@testable import CoreService

@Suite("What the configuration names, and the postmaster of reports")
struct NamedEntryTests {
    private static func configuration(hostname: String = "mx.postern.test", postmaster: String = "") -> String {
        """
        version: 1
        hostname: \(hostname)
        default_domain: postern.test
        state_directory: state
        runtime_directory: run
        domains: { postern.test: authoritative, other.test: authoritative, old.test: { alias_of: postern.test } }
        permissions:
          receive: [{ to: [chief], from: ["group:staff"] }]
          send_as: [{ who: [anna], addresses: [info@postern.test] }]
        virtual_servers:
          internet: { role: edge, listen: ["127.0.0.1:2525"] }
        connectors:
          mailboxes:
            address_spaces: [{ domain: postern.test }, { domain: other.test }]
            deliver: { maildir: "mail/{domain}/{user}" }
        \(postmaster)
        """
    }

    private static func address(_ text: String) -> EmailAddress { EmailAddress(parsing: text)! }

    @Test(
        "kind: neither user, alias nor group goes while the configuration that runs names it, unless --force says so",
        arguments: [
            (ControlRequest.Command.groupRemove, "staff", "permissions.receive[0].from"),
            (.userRemove, "anna", "permissions.send_as[0].who"),
            (.aliasRemove, "chief", "permissions.receive[0].to"), (.userRemove, "karl", "postmaster"), (.userRemove, "bob", nil),
        ] as [(ControlRequest.Command, String, String?)])
    func removal(command: ControlRequest.Command, name: String, path: String?) async throws {
        let prepare: @Sendable (Directory) throws -> Void = { directory in
            for user in ["anna", "bob", "karl"] { try directory.addUser(Self.address("\(user)@postern.test")) }
            try directory.addAlias(Self.address("chief@postern.test"), to: [Self.address("anna@postern.test")])
            try directory.addGroup(Self.address("staff@postern.test"))
        }
        let configuration = Self.configuration(postmaster: "postmaster: karl@old.test")
        try await CoreUnderTest.with(configuration: configuration, prepare: prepare) { core, _ in
            let refusal = try await core.run { core -> String? in
                do {
                    _ = try DirectoryCommands(core: core, mayReadVerifiers: false).run(ControlRequest(command, [name]))
                    return nil
                } catch let refusal as ControlRefusal { return refusal.message }
            }
            if let path {
                #expect(refusal?.hasPrefix("the configuration names \(name)@postern.test in \(path) (") == true, "\(refusal ?? "removed")")
                #expect(refusal?.hasSuffix("take it out there and reload first, or remove it all the same with --force") == true)
            } else {
                #expect(refusal == nil)
            }
            guard path != nil else { return }
            _ = try await core.run { core in
                _ = try DirectoryCommands(core: core, mayReadVerifiers: false).run(ControlRequest(command, [name, "--force"]))
            }
            let gone = Self.address("\(name)@postern.test")
            let isGone = try await core.run { try $0.directory.resolve(address: gone) == nil }
            #expect(isGone)
        }
    }

    @Test(
        "kind: a report names a postmaster who exists, of a domain that is ours, or nobody",
        arguments: [
            ("", [], nil), ("", ["postmaster@postern.test"], "postmaster@postern.test"),
            ("", ["postmaster@other.test"], "postmaster@other.test"),
            ("postmaster: karl", [], nil), ("postmaster: karl", ["karl@postern.test"], "postmaster@postern.test"),
            ("postmaster: karl@old.test", ["karl@postern.test"], "postmaster@postern.test"),
            ("postmaster: karl@far.test", [], nil),
        ] as [(String, [String], String?)])
    func help(postmaster: String, users: [String], named: String?) async throws {
        let prepare: @Sendable (Directory) throws -> Void = { directory in
            for user in users { try directory.addUser(Self.address(user)) }
        }
        try await CoreUnderTest.with(configuration: Self.configuration(postmaster: postmaster), prepare: prepare) { core, _ in
            let found = try await core.run { core in core.postmasterForHelp.map { "\($0)" } }
            #expect(found == named)
        }
    }
}
