import ServiceRuntime
import Testing
import Topology

@testable import CommandLineTool

@Suite("isolation by accounts")
struct IsolationTests {
    static let root = Account(name: "root", userID: 0, groupID: 0)
    static let user = Account(name: "ada", userID: 1000, groupID: 1000)

    static func runAs(_ names: [Role: String]) -> RunAs { RunAs(accounts: names.mapValues { RunAs.Account(name: $0) }) }

    static let apart = runAs([.core: "a", .edge: "b", .delivery: "c", .mailbox: "d"])

    @Test("root with an account for each has nothing to say")
    func apart() { #expect(Isolation.sentence(of: Self.daemons, runAs: Self.apart, account: Self.root) == nil) }

    @Test("root without run_as is told")
    func rootAlone() {
        #expect(
            Isolation.sentence(of: Self.daemons, runAs: RunAs(), account: Self.root)
                == "all daemons run as \"root\" and are not isolated from each other: run_as gives each an account of its own")
    }

    /// Without a submission server.
    private static let daemons: [SupervisedDaemon] = [.core, .delivery, .mailbox, .edge]

    @Test("anybody else is told, also that run_as needs root")
    func user() {
        #expect(
            Isolation.sentence(of: Self.daemons, runAs: RunAs(), account: Self.user)
                == "all daemons run as \"ada\" and are not isolated from each other")
        #expect(
            Isolation.sentence(of: Self.daemons, runAs: Self.apart, account: Self.user)
                == "all daemons run as \"ada\" and are not isolated from each other: only root can start them as run_as says")
    }

    @Test("daemons that share an account are named")
    func shared() {
        #expect(
            Isolation.sentence(of: Self.daemons, runAs: Self.runAs([.core: "a", .edge: "mail", .delivery: "mail"]), account: Self.root)
                == "postern-delivery, postern-edge run as \"mail\" and are not isolated from each other")
    }
}
