import MailVocabulary
import Testing
import Topology

@testable import CoreService
@testable import Routing

@Suite("How a message was decided about, as it is kept with it")
struct DecisionRecordTests {
    private static func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(parsing: text)) }

    private static func trace(_ file: String, steps: Int = 1) throws -> DecisionTrace {
        var trace = DecisionTrace()
        let domain = try #require(DomainName(parsing: "ours.example"))
        trace.append(.notOurs(.name(domain)))
        for line in 1...steps {
            trace.append(.accepted(connector: "general", by: nil), at: SourceLocation(file: file, line: line, column: 3))
        }
        return trace
    }

    @Test("what is recorded is read back, recipient by recipient, with rules, files and lines")
    func roundTrip() throws {
        var record = DecisionRecord(revision: "abc")
        record.add(try Self.address("a@far.example"), try Self.trace("/etc/postern/postern.yaml", steps: 2))
        record.add(try Self.address(#""odd > name"@far.example"#), try Self.trace("/etc/other.yaml"))
        let read = try #require(DecisionRecord.read(record.text))
        #expect(read.revision == "abc")
        #expect(read.entries.map(\.recipient) == ["a@far.example", #""odd > name"@far.example"#])
        #expect(read.entries[0].steps == (try Self.trace("/etc/postern/postern.yaml", steps: 2)).entries)
        #expect(read.entries[1].steps == (try Self.trace("/etc/other.yaml")).entries)
    }

    @Test("a record is bounded, whatever the message has for recipients, and says that there was more")
    func bounds() throws {
        var record = DecisionRecord(revision: "abc")
        for number in 0..<2000 { record.add(try Self.address("a\(number)@far.example"), try Self.trace("/etc/postern.yaml", steps: 20)) }
        #expect(record.text.utf8.count < DecisionRecord.maximumOctets + 1024)
        let read = try #require(DecisionRecord.read(record.text))
        #expect(read.entries.last?.steps.last?.outcome == "… and more, which was not recorded")
    }

    @Test(
        "a record of another version, or a damaged one, is none",
        arguments: ["", "2\tabc", "1", "1\tabc\n1\t\t3\tno recipient", "1\tabc\n>a@b\nword"])
    func damage(text: String) { #expect(DecisionRecord.read(text) == nil) }
}
