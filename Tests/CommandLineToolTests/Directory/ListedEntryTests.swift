import Testing

@testable import CommandLineTool

@Suite("Lists of aliases and groups")
struct ListedEntryTests {
    @Test("an address that comes in several objects is one row, and one object of JSON")
    func merged() throws {
        let rows = try [
            #"{"address":"a@x.example","members":["1@x.example","2@x.example"],"forward":false}"#,
            #"{"address":"a@x.example","members":["3@x.example"],"forward":false}"#,
            #"{"address":"\"b/c\"@x.example","members":[],"forward":true}"#,
        ].map { try Row($0) }
        let entries = ListedEntry.entries(rows, member: "members")
        #expect(entries.map(\.targets.count) == [3, 0])
        #expect(
            try entries.map { try $0.json(member: "members") } == [
                #"{"address":"a@x.example","members":["1@x.example","2@x.example","3@x.example"],"forward":false}"#,
                #"{"address":"\"b/c\"@x.example","members":[],"forward":true}"#,
            ])
    }
}
