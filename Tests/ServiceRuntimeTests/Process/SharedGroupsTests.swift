import Glibc
import MailVocabulary
import Testing
import Topology

@testable import ServiceRuntime

@Suite("sockets given by groups")
struct SharedGroupsTests {
    @Test("an account is given a socket by its own group, where the maker is a member of it")
    func ownGroup() throws {
        let daemon = try Account.named("daemon")
        #expect(SharedGroups.shared(of: daemon, and: [daemon.groupID, 4242]) == daemon.groupID)
    }

    @Test("without a group in common there is none to give a socket by")
    func none() throws {
        #expect(SharedGroups.shared(of: try Account.named("daemon"), and: [4242]) == nil)
        #expect(SharedGroups.shared(of: Account(name: "nobody-of-that-name", userID: 4242, groupID: 4242), and: [0]) == nil)
    }

    @Test("root gives sockets to accounts, and not by groups", .enabled(if: geteuid() == 0))
    func root() throws {
        let access = try SocketAccess(Self.topology, of: .core)
        #expect(!access.givesByGroup)
        #expect(access.needsRoot)
        #expect(access.userID(of: .edge) == (try Account.named("nobody")).userID)
    }

    @Test(
        "who is the core's account and in the groups of the others gives them their sockets; who is not, is everybody",
        .enabled(if: geteuid() == 0), arguments: [true, false])
    func groups(isMember: Bool) async {
        await #expect(processExitsWith: .exitCode(42)) { [isMember] in
            let (daemon, nobody) = (try Account.named("daemon"), try Account.named("nobody"))
            var groups = isMember ? [daemon.groupID, nobody.groupID] : [daemon.groupID]
            guard setgroups(groups.count, &groups) == 0, setgid(daemon.groupID) == 0, setuid(daemon.userID) == 0 else { exit(1) }
            let access = try SocketAccess(SharedGroupsTests.topology, of: .core)
            let expected = isMember ? nobody.userID : daemon.userID
            exit(access.givesByGroup == isMember && access.userID(of: .edge) == expected && !access.needsRoot ? 42 : 2)
        }
    }

    private static let topology = Topology(
        hostname: DomainName(parsing: "mail.example.org")!,
        runAs: RunAs(accounts: [.core: .init(name: "daemon"), .edge: .init(name: "nobody")]))
}
