import MailVocabulary
import Testing

@testable import Directory

@Suite("Many members at once")
struct ManyMembersTests {
    @Test("members are added and taken out together, or not at all")
    func allOrNothing() throws {
        let test = try TestDirectory(users: ["anna", "bert", "carl"])
        let directory = test.directory
        try directory.addGroup(address("staff"))
        try directory.addMembers(addresses("anna", "bert", "ANNA"), to: address("staff"))
        #expect(try directory.listGroups()[0].targets == addresses("anna", "bert"))
        #expect(throws: DirectoryError.alreadyMember(address("bert"), of: address("staff"))) {
            try directory.addMembers(addresses("carl", "bert"), to: address("staff"))
        }
        #expect(throws: DirectoryError.noSuchTarget(address("dora"), of: address("staff"))) {
            try directory.addMembers(addresses("carl", "dora"), to: address("staff"))
        }
        #expect(throws: DirectoryError.cycle(addresses("staff", "staff"))) {
            try directory.addMembers(addresses("carl", "staff"), to: address("staff"))
        }
        #expect(throws: DirectoryError.notAMember(address("carl"), of: address("staff"))) {
            try directory.removeMembers(addresses("anna", "carl"), from: address("staff"))
        }
        #expect(try directory.listGroups()[0].targets == addresses("anna", "bert"))
        try directory.removeMembers(addresses("anna", "bert"), from: address("staff"))
        #expect(try directory.listGroups()[0].targets == [])
    }

    @Test("an alias is extended and cut; one target stays")
    func aliasTargets() throws {
        let test = try TestDirectory(users: ["anna", "bert"])
        let directory = test.directory
        let outside = address("x@b.example")
        try directory.addAlias(address("office"), to: addresses("anna"))
        try directory.addTargets(addresses("bert"), to: address("office"))
        #expect(throws: DirectoryError.alreadyTarget(address("bert"), of: address("office"))) {
            try directory.addTargets(addresses("bert"), to: address("office"))
        }
        #expect(throws: DirectoryError.targetOutside(outside, of: address("office"))) {
            try directory.addTargets([outside], to: address("office"))
        }
        try directory.addTargets([outside], to: address("office"), forward: true)
        #expect(try directory.listAliases()[0].targets == [address("anna"), address("bert"), outside])
        #expect(throws: DirectoryError.notATarget(address("carl"), of: address("office"))) {
            try directory.removeTargets(addresses("carl"), from: address("office"))
        }
        try directory.removeTargets([address("bert"), outside], from: address("office"))
        #expect(throws: DirectoryError.noTargets(address("office"))) {
            try directory.removeTargets(addresses("anna"), from: address("office"))
        }
        #expect(try directory.expand(address("office"))?.mailboxes == addresses("anna"))
    }

    @Test("a finished expansion is kept until anything changes")
    func expansionCache() throws {
        let test = try TestDirectory(users: ["anna", "bert"])
        let directory = test.directory
        try directory.addGroup(address("staff"))
        try directory.addMembers(addresses("anna"), to: address("staff"))
        let first = try #require(try directory.expand(address("staff")))
        #expect(directory.cache.expansion(for: AddressKey(address("staff"))) == first)
        // Also under another spelling and a subaddress of it.
        #expect(try directory.expand(address("STAFF+x")) == first)
        try directory.addMembers(addresses("bert"), to: address("staff"))
        #expect(directory.cache.expansion(for: AddressKey(address("staff"))) == nil)
        #expect(try directory.expand(address("staff"))?.mailboxes == addresses("anna", "bert"))
        directory.domains = TestDirectory.domains
        #expect(directory.cache.expansion(for: AddressKey(address("staff"))) == nil)
    }
}
