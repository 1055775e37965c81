import MailVocabulary
import Testing
import Topology
import TopologyFile

@testable import Explanation

@Suite("Groups that strangers may write to and that lead to very many")
struct LargeRecipientsTests {
    private func findings(_ permissions: String = "", members: Int = 1001, isForward: Bool = false) throws -> [Finding] {
        let configuration = School.configuration + permissions
        let topology = try #require(TopologyFile.parse(Array(configuration.utf8), path: "postern.yaml").topology)
        let names = (0..<members).map { "m\($0)" + (isForward ? "@far.example" : "") }
        let list = "[\(names.joined(separator: ", "))]"
        let document = try School.document(
            """
            users: [\(((isForward ? [] : names) + ["anna"]).joined(separator: ", "))]
            aliases: { everyone: [all] }
            groups: { all: \(isForward ? "{ forward: \(list) }" : list), few: [anna] }
            """)
        return try LargeRecipients.findings(in: document, of: "directory.yaml", topology: topology, isOfRunningCore: false)
    }

    @Test("they are named with their number and the server that takes the mail; the alias of one is another; a thousand are no finding")
    func open() throws {
        for isForward in [false, true] {
            let found = try findings(isForward: isForward)
            #expect(found.map(\.path) == ["everyone@school.example", "all@school.example"])
            #expect(found.allSatisfy { $0.severity == .warning && $0.message.contains("1001 addresses") })
            #expect(found.allSatisfy { $0.message.contains("over `internet`:") })
            #expect(found[1].accepted?.contains("{ to: all@school.example, from: authenticated }") == true)
            #expect(found[0].location.line == 2)
        }
        #expect(try findings(members: 1000).isEmpty)
    }

    @Test("what keeps strangers out is no finding: the advice of the warning, the group as a whole, listed senders")
    func closed() throws {
        for entry in [
            "[{ to: [all@school.example, everyone@school.example], from: authenticated }]", "[{ to: \"group:all\", from: authenticated }]",
            "[{ to: [all, everyone], from: [anna] }]",
        ] {
            let found = try findings("\npermissions: { receive: \(entry) }\n")
            #expect(found.isEmpty, "\(entry): \(found)")
        }
        // A door beside it stays open.
        let found = try findings("\npermissions: { receive: [{ to: all, from: authenticated }] }\n")
        #expect(found.map(\.path) == ["everyone@school.example"])
    }
}
