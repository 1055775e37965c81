import CoreLink
import Foundation
import MailVocabulary
import Testing
import Topology

@testable import CommandLineTool

@Suite("postern health")
struct HealthCommandTests {
    private static let address = IPAddress(parsing: "127.0.0.1")!
    private static let topology = Topology(
        revision: "r", hostname: DomainName(parsing: "mail.example.org")!, runtimeDirectory: "/run/p",
        virtualServers: [
            VirtualServer(name: "internet", listeners: [Listener(address: address, port: 25)]),
            VirtualServer(
                name: "clients", role: .submission(SubmissionSettings()),
                listeners: [Listener(address: address, port: 587), Listener(address: address, port: 465, implicitTLS: true)]),
        ])

    @Test(
        "each daemon is healthy where its socket and its own ports answer",
        arguments: [
            (.core, ["/run/p/control.sock"]),
            (.edge, ["/run/p/edge.sock", "127.0.0.1:25"]),
            (.submission, ["/run/p/submission.sock", "/run/p/login.sock", "127.0.0.1:587", "127.0.0.1:465 (TLS)"]),
            (.auth, ["/run/p/auth.sock"]),
            (.delivery, ["/run/p/delivery.sock"]),
            (.mailbox, ["/run/p/mailbox.sock"]),
        ] as [(Role, [String])])
    func probes(role: Role, expected: [String]) {
        #expect(HealthCommand.probes(of: role, Self.topology).map(\.description) == expected)
    }

    @Test("a socket that is not there is said with the system's words")
    func absent() async {
        let probe = HealthProbe.socket(.edge, LinkAddress(path: "/nowhere/edge.sock"), revision: "")
        #expect(await probe.failure() == "not reachable: No such file or directory")
    }

    @Test("a port with nobody behind it is not healthy, with or without TLS", arguments: [false, true])
    func closed(implicitTLS: Bool) async {
        let probe = HealthProbe.listener(Listener(address: Self.address, port: 1, implicitTLS: implicitTLS))
        #expect(await probe.failure()?.isEmpty == false)
    }
}
