import CoreLink
import MailVocabulary
import Testing
import Topology

@testable import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Whose a socket must be")
struct LinkAddressTests {
    private static func listeners(_ role: RoleName, core: String?) throws -> Set<UInt32>? {
        let accounts: [Role: RunAs.Account] = core.map { [.core: .init(name: $0), .auth: .init(name: "daemon")] } ?? [:]
        let topology = Topology(
            source: "/etc/postern/postern.yaml", hostname: try #require(DomainName(parsing: "mx.test")), runtimeDirectory: "/run/p",
            runAs: RunAs(accounts: accounts))
        let address = LinkAddress(of: role, in: topology)
        #expect(address.path == "/run/p/\(role.socketName)")
        return address.listeners
    }

    @Test("the core's sockets are its account's or root's, that of logins is auth's, and ours where all are one account")
    func accounts() throws {
        let (nobody, daemon) = (try Account.named("nobody").userID, try Account.named("daemon").userID)
        for role in [RoleName.edge, .submission, .delivery, .mailbox, .authentication, .control] {
            #expect(try Self.listeners(role, core: "nobody") == [0, nobody, geteuid()])
        }
        #expect(try Self.listeners(.login, core: "nobody") == [0, daemon, geteuid()])
        #expect(try Self.listeners(.edge, core: nil) == (geteuid() == 0 ? nil : [0, geteuid()]))
        #expect(try Self.listeners(.control, core: nil) == nil)
    }

    @Test(
        "a user namespace knows the accounts in its table",
        arguments: [
            ("         0          0 4294967295\n", [0, 1000, 65534], []),
            // PrivateUsers=yes: root and the unit's own account.
            ("         0          0          1\n       996        996          1\n", [0, 996], [1, 995, 997, 65534]),
            ("", [0, 7], []),
        ] as [(String, [UInt32], [UInt32])])
    func namespaces(table: String, known: [UInt32], unknown: [UInt32]) {
        #expect(known.allSatisfy { UserNamespace.has($0, in: table) })
        #expect(!unknown.contains { UserNamespace.has($0, in: table) })
        #expect(UserNamespace.has(geteuid()))
    }
}
