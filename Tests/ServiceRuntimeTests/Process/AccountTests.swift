import Glibc
import Testing

@testable import ServiceRuntime

@Suite("accounts")
struct AccountTests {
    @Test("root is found by name")
    func root() throws {
        let root = try Account.named("root")
        #expect(root == Account(name: "root", userID: 0, groupID: 0))
    }

    @Test("a name without an account is refused by that name", arguments: ["no-such-account-here", "", "root\n", "0"])
    func unknown(name: String) {
        #expect(throws: AccountError.unknown(name: name)) { try Account.named(name) }
    }

    @Test("errors say who and why")
    func descriptions() {
        let nobody = Account(name: "nobody", userID: 65534, groupID: 65534)
        #expect(AccountError.unknown(name: "postern-edge").description == "there is no Unix account \"postern-edge\"")
        #expect(
            AccountError.callFailed(call: "setuid", account: nobody, errno: EPERM).description
                == "cannot run as \"nobody\": setuid: Operation not permitted")
        #expect(
            AccountError.notPermitted(from: nobody, to: Account(name: "root", userID: 0, groupID: 0)).description
                == "cannot run as \"root\": this process runs as \"nobody\", and only root can become another account")
    }

    @Test("the current account has the effective user id")
    func current() {
        #expect(Account.current.userID == geteuid())
        #expect(Account.isSuperuser == (geteuid() == 0))
    }

    @Test("dropping to the account that one already is changes nothing")
    func same() throws {
        try Privileges.drop(to: Account(name: "myself", userID: getuid(), groupID: getgid()))
        #expect(Account.current.userID == getuid())
    }

    @Test("root becomes another account for good, in all its ids and groups", .enabled(if: geteuid() == 0))
    func drop() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let nobody = try Account.named("nobody")
            try Privileges.drop(to: nobody)
            var groups = [gid_t](repeating: 0, count: 64)
            let count = getgroups(64, &groups)
            let dropped =
                getuid() == nobody.userID && geteuid() == nobody.userID && getegid() == nobody.groupID
                && groups.prefix(Int(count)).allSatisfy { $0 != 0 }
            let isFinal = setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0 && !Account.isSuperuser
            exit(dropped && isFinal ? 42 : 1)
        }
    }

    @Test("who is not root cannot become another account", .enabled(if: geteuid() == 0))
    func notRoot() async {
        await #expect(processExitsWith: .exitCode(42)) {
            try Privileges.drop(to: try Account.named("nobody"))
            do {
                try Privileges.drop(to: try Account.named("root"))
                exit(1)
            } catch AccountError.notPermitted {
                exit(42)
            }
        }
    }
}
