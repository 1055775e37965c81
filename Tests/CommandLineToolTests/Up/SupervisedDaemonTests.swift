import MailVocabulary
import Testing
import Topology

@testable import CommandLineTool

extension SupervisedDaemon {
    /// Those of a topology with an edge alone, as most of these tests have it.
    static let withoutSubmission: [SupervisedDaemon] = [.core, .delivery, .mailbox, .edge]
}

@Suite("the daemons of a topology")
struct SupervisedDaemonTests {
    private static let listener = Listener(address: IPAddress(ipv4: 0x7F00_0001), port: 2525)
    private static let edge = VirtualServer(name: "internet", listeners: [listener])
    private static let clients = VirtualServer(name: "clients", role: .submission(SubmissionSettings()), listeners: [listener])

    @Test("front ends run where a virtual server is theirs, and auth beside submission")
    func needed() throws {
        let hostname = try #require(DomainName(parsing: "mx.example.org"))
        func daemons(_ servers: [VirtualServer]) -> [SupervisedDaemon] {
            SupervisedDaemon.needed(by: Topology(hostname: hostname, virtualServers: servers))
        }
        #expect(daemons([Self.edge]) == SupervisedDaemon.withoutSubmission)
        #expect(daemons([Self.edge, Self.clients]) == SupervisedDaemon.allCases)
        #expect(daemons([Self.clients]) == [.core, .delivery, .mailbox, .auth, .submission])
    }

    @Test("the end: front ends first, the core last, and everybody once")
    func stages() {
        #expect(Set(SupervisedDaemon.stopStages[0]) == [.edge, .submission])
        #expect(SupervisedDaemon.stopStages.last == [.core])
        #expect(
            SupervisedDaemon.stopStages.joined().sorted { $0.rawValue < $1.rawValue }
                == SupervisedDaemon.allCases.sorted { $0.rawValue < $1.rawValue })
    }
}
