import CoreLink
import Glibc
import Testing
import Topology
import TopologyFile

@testable import ServiceRuntime

@Suite("who may use which socket")
struct SocketAccessTests {
    private func topology(_ lines: String) throws -> Topology {
        let text = """
            version: 1
            hostname: mail.example.org
            default_domain: example.org
            domains: { example.org: authoritative }
            virtual_servers: { internet: { role: edge, listen: ["127.0.0.1:25"] } }
            connectors: { mailboxes: { address_spaces: [{ domain: example.org }], deliver: { maildir: "/tmp/{user}" } } }
            \(lines)
            """
        guard case .loaded(let topology, _) = TopologyFile.parse(Array(text.utf8), path: "postern.yaml") else {
            throw Refused()
        }
        return topology
    }

    struct Refused: Error {}

    @Test("sockets that were handed over are for the accounts of run_as, also where the core is not root")
    func inherited() throws {
        let nobody = try Account.named("nobody")
        let access = try SocketAccess(topology("run_as: { edge: nobody }"), of: .core, areInherited: true)
        #expect(access.access(.edge, EdgeLink.self).userIDs == [nobody.userID])
        #expect(access.access(.mailbox, MailboxLink.self).userIDs == [geteuid()])
        #expect(access.own == Account.current)
    }

    @Test(
        "a control socket that was handed over is refused where it is open to others than control_group",
        arguments: [
            (0o660, true, nil), (0o600, false, nil), (0o660, false, "open to the group"), (0o666, true, "open to everybody"),
            (0o602, true, "open to everybody"),
        ] as [(UInt32, Bool, String?)])
    func control(mode: UInt32, isGroupRight: Bool, problem: String?) throws {
        // The group of this process's files is known to the system; the wrong one is any other.
        guard let group = getgrgid(getegid()) else { return }
        let own = String(cString: group.pointee.gr_name)
        let configured = isGroupRight ? own : own == "nogroup" ? "root" : "nogroup"
        let path = "/tmp/postern-test-control-\(getpid())-\(mode)-\(isGroupRight)"
        close(open(path, O_CREAT | O_RDWR, 0o600))
        defer { unlink(path) }
        chmod(path, mode)
        let access = try SocketAccess(topology("control_group: \(configured)"), of: .core, areInherited: true)
        do {
            try access.checkInheritedControl(path: path)
            #expect(problem == nil)
        } catch let error as SocketAccess.OpenControlSocket {
            #expect(problem.map { error.description.contains($0) } == true, "\(error)")
        }
    }
}
