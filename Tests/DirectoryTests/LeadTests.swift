import MailVocabulary
import Testing

@testable import Directory

@Suite("What a recipient is, without reading where it leads")
struct LeadTests {
    private func directory(members: Int) throws -> TestDirectory {
        let test = try TestDirectory(users: ["anna", "bert"])
        try test.directory.addGroup(address("all"), forward: true)
        try test.directory.addMembers((0..<members).map { address("m\($0)@far.example") }, to: address("all"))
        try test.directory.addAlias(address("office"), to: addresses("anna", "bert"))
        try test.directory.addAlias(address("front"), to: addresses("office"))
        return test
    }

    @Test("users, aliases, groups, subaddresses and strangers are told apart; a change is seen at once")
    func kinds() throws {
        let directory = try directory(members: 200).directory
        for _ in 0..<2 {
            #expect(try directory.lead(of: address("anna")) == .mailbox)
            #expect(try directory.lead(of: address("ANNA+x")) == .mailbox)
            #expect(try directory.lead(of: address("All+x")) == .several(address("all")))
            #expect(try directory.lead(of: address("office")) == .several(address("office")))
            #expect(try directory.lead(of: address("carl")) == .unknown)
        }
        try directory.addUser(address("carl"))
        #expect(try directory.lead(of: address("carl")) == .mailbox)
        try directory.removeGroup(address("all"))
        #expect(try directory.lead(of: address("all")) == .unknown)
    }

    @Test("short lists are followed; long ones, and those that lead on, are left to others")
    func short() throws {
        let directory = try directory(members: 101).directory
        #expect(try directory.expandIfShort(address("office"), most: 100)?.mailboxes == addresses("anna", "bert"))
        #expect(try directory.expandIfShort(address("all"), most: 100) == nil)
        #expect(try directory.expandIfShort(address("all"), most: 101)?.outside.count == 101)
        #expect(try directory.expandIfShort(address("front"), most: 100) == nil)
        #expect(try directory.expandIfShort(address("carl"), most: 100) == nil)
    }

    @Test("a reader on another connection sees one state of the file, and the next one when it looks again; each change has a number")
    func reading() throws {
        let test = try directory(members: 3)
        let directory = test.directory
        let reader = try Directory(reading: directory.location, domains: directory.domains, settings: TestDirectory.settings)
        let before = directory.generation
        try reader.inOneState { () throws(DirectoryError) in
            #expect(try reader.expand(address("all"))?.outside.count == 3)
            try directory.addMembers([address("late@far.example")], to: address("all"))
            reader.forget()
            #expect(try reader.expand(address("all"))?.outside.count == 3)
        }
        reader.forget()
        #expect(try reader.expand(address("all"))?.outside.count == 4)
        #expect(directory.generation != before)
        let changed = directory.generation
        directory.domains = TestDirectory.domains
        #expect(directory.generation != changed)
    }
}
