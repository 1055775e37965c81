import MailVocabulary
import Testing

@testable import Directory

@Suite("Aliases and groups")
struct AliasAndGroupTests {
    @Test("an alias leads to its targets, over other aliases and groups")
    func alias() throws {
        let test = try TestDirectory(users: ["anna", "bert"])
        let directory = test.directory
        try directory.addAlias(address("office"), to: addresses("anna", "bert", "ANNA"))
        try directory.addAlias(address("info"), to: addresses("office"))
        #expect(try directory.expand(address("info"))?.mailboxes == addresses("anna", "bert"))
        #expect(try directory.listAliases().map(\.address) == addresses("info", "office"))
        #expect(try directory.listAliases()[1].targets == addresses("anna", "bert"))
        try directory.setAliasTargets(address("office"), to: addresses("bert"))
        #expect(try directory.expand(address("info"))?.mailboxes == addresses("bert"))
    }

    @Test("only a forward leads outside; a shared domain is not outside")
    func forward() throws {
        let test = try TestDirectory(users: ["anna"])
        let directory = test.directory
        let outside = address("anna@b.example")
        #expect(throws: DirectoryError.targetOutside(outside, of: address("home"))) {
            try directory.addAlias(address("home"), to: [outside])
        }
        try directory.addAlias(address("home"), to: [outside, address("anna")], forward: true)
        try directory.addAlias(address("branch"), to: addresses("x@s.example"))
        let home = try #require(try directory.expand(address("home")))
        #expect(home.outside == [Expansion.Outside(address: outside, via: address("home"))])
        #expect(home.mailboxes == addresses("anna"))
        #expect(try directory.expand(address("branch"))?.outside.map(\.address) == addresses("x@s.example"))
        #expect(throws: DirectoryError.targetOutside(outside, of: address("home"))) {
            try directory.setAliasTargets(address("home"), to: [outside])
        }
        #expect(try directory.listAliases().last?.isForward == true)
        try directory.addGroup(address("staff"))
        #expect(throws: DirectoryError.targetOutside(outside, of: address("staff"))) {
            try directory.addMember(outside, to: address("staff"))
        }
        // Over a forward that is a member, a group reaches outside all the same.
        try directory.addMember(address("home"), to: address("staff"))
        #expect(try directory.expand(address("staff"))?.outside.map(\.via) == addresses("home"))
    }

    @Test("groups nest, and nobody is in the result twice")
    func nested() throws {
        let test = try TestDirectory(users: ["anna", "bert", "carl"])
        let directory = test.directory
        for group in ["all", "staff", "board"] { try directory.addGroup(address(group)) }
        for (group, member) in [
            ("all", "staff"), ("all", "board"), ("staff", "anna"), ("staff", "bert"), ("board", "bert"), ("board", "carl"),
        ] {
            try directory.addMember(address(member), to: address(group))
        }
        let all = try #require(try directory.expand(address("all+x")))
        #expect(all.mailboxes == addresses("bert", "carl", "anna"))
        #expect(all.problems.isEmpty)
        #expect(
            all.trace.map { "\($0.address.localPart) \($0.via?.localPart ?? "-") \($0.outcome)" } == [
                "all - group(members: 2)", "board all group(members: 2)", "staff all group(members: 2)",
                "bert board mailbox", "carl board mailbox", "anna staff mailbox",
            ])
        let bert = try #require(try directory.listUsers().first { $0.address == address("bert") }).account
        #expect(try directory.groups(containing: bert) == addresses("all", "board", "staff"))
        try directory.removeMember(address("bert"), from: address("board"))
        #expect(try directory.expand(address("board"))?.mailboxes == addresses("carl"))
        #expect(try directory.listGroups().map(\.address) == addresses("all", "board", "staff"))
    }

    @Test("own addresses are the mailbox and the aliases that lead to it alone")
    func ownAddresses() throws {
        let test = try TestDirectory(users: ["anna", "bert"])
        let directory = test.directory
        try directory.addAlias(address("a.berg"), to: addresses("anna+x"))
        try directory.addAlias(address("berg"), to: addresses("a.berg"))
        try directory.addAlias(address("both"), to: addresses("anna", "bert"))
        let anna = try #require(try directory.listUsers().first).account
        #expect(try directory.ownAddresses(of: anna) == addresses("anna", "a.berg", "berg"))
        #expect(try directory.ownAddresses(of: AccountID(value: 99)) == [])
    }

    @Test("what cannot be is refused in words, and changes nothing")
    func refusals() throws {
        let test = try TestDirectory(users: ["anna"])
        let directory = test.directory
        try directory.addGroup(address("staff"))
        try directory.addMember(address("anna"), to: address("staff"))
        let before = try (directory.listAliases(), directory.listGroups())
        let missing = address("missing")
        let cases: [(DirectoryError, () throws -> Void)] = [
            (.noTargets(address("x")), { try directory.addAlias(address("x"), to: []) }),
            (.noSuchTarget(missing, of: address("x")), { try directory.addAlias(address("x"), to: [missing]) }),
            (.alreadyExists(address("staff"), as: .group), { try directory.addAlias(address("staff"), to: addresses("anna")) }),
            (.domainNotOurs(address("x@b.example")), { try directory.addAlias(address("x@b.example"), to: addresses("anna")) }),
            (.domainNotOurs(address("x@[192.0.2.1]")), { try directory.addGroup(address("x@[192.0.2.1]")) }),
            (.noSuchAlias(missing), { try directory.setAliasTargets(missing, to: addresses("anna")) }),
            (.noSuchAlias(missing), { try directory.removeAlias(missing) }),
            (.wrongKind(address("staff"), is: .group, wanted: .alias), { try directory.removeAlias(address("staff")) }),
            (.alreadyExists(address("staff"), as: .group), { try directory.addGroup(address("Staff")) }),
            (.noSuchGroup(missing), { try directory.addMember(address("anna"), to: missing) }),
            (.wrongKind(address("anna"), is: .user, wanted: .group), { try directory.addMember(address("staff"), to: address("anna")) }),
            (.alreadyMember(address("ANNA"), of: address("staff")), { try directory.addMember(address("ANNA"), to: address("staff")) }),
            (.noSuchTarget(missing, of: address("staff")), { try directory.addMember(missing, to: address("staff")) }),
            (.notAMember(missing, of: address("staff")), { try directory.removeMember(missing, from: address("staff")) }),
            (.noSuchGroup(missing), { try directory.removeMember(address("anna"), from: missing) }),
            (.noSuchGroup(missing), { try directory.removeGroup(missing) }),
            (.stillNamed(address("anna"), by: addresses("staff")), { try directory.removeUser(address("anna")) }),
        ]
        for (expected, operation) in cases {
            #expect(throws: expected, "\(expected)") { try operation() }
            #expect(!expected.isInternal && !"\(expected)".isEmpty)
        }
        #expect(try (directory.listAliases(), directory.listGroups()) == before)
    }

    @Test("a cycle is refused with the way round")
    func cycles() throws {
        let test = try TestDirectory(users: ["anna"])
        let directory = test.directory
        for group in ["a", "b", "c"] { try directory.addGroup(address(group)) }
        #expect(throws: DirectoryError.cycle(addresses("a", "a"))) { try directory.addMember(address("a"), to: address("a")) }
        try directory.addMember(address("b"), to: address("a"))
        try directory.addMember(address("c"), to: address("b"))
        let error = #expect(throws: DirectoryError.self) { try directory.addMember(address("a"), to: address("c")) }
        #expect(error == .cycle(addresses("c", "a", "b", "c")))
        #expect(error.map { "\($0)" } == "that would form a cycle: c@a.example → a@a.example → b@a.example → c@a.example")
        #expect(throws: DirectoryError.cycle(addresses("x", "x"))) { try directory.addAlias(address("x"), to: addresses("x")) }
        #expect(throws: DirectoryError.cycle(addresses("x", "x"))) { try directory.addAlias(address("x"), to: addresses("x+y")) }
        try directory.addAlias(address("d"), to: addresses("a"))
        #expect(throws: DirectoryError.cycle(addresses("c", "d", "a", "b", "c"))) {
            try directory.addMember(address("d"), to: address("c"))
        }
        try directory.addAlias(address("e"), to: addresses("anna"))
        try directory.addAlias(address("f"), to: addresses("e"))
        #expect(throws: DirectoryError.cycle(addresses("e", "f", "e"))) { try directory.setAliasTargets(address("e"), to: addresses("f")) }
        // A subaddress that becomes an entry of its own closes a way that led past it.
        try directory.addAlias(address("g"), to: addresses("anna+g"))
        #expect(throws: DirectoryError.cycle(addresses("anna+g", "g", "anna+g"))) {
            try directory.addAlias(address("anna+g"), to: addresses("g"))
        }
        #expect(try directory.expand(address("g"))?.mailboxes == addresses("anna"))
    }

    @Test("a removal is refused while something names the address, or takes it out everywhere")
    func removal() throws {
        let test = try TestDirectory(users: ["anna", "bert"])
        let directory = test.directory
        try directory.addAlias(address("office"), to: addresses("anna+office"))
        try directory.addAlias(address("info"), to: addresses("office"))
        try directory.addAlias(address("both"), to: addresses("anna", "bert"))
        try directory.addGroup(address("staff"))
        for member in ["anna", "info", "bert"] { try directory.addMember(address(member), to: address("staff")) }
        let error = #expect(throws: DirectoryError.self) { try directory.removeUser(address("anna")) }
        #expect(error == .stillNamed(address("anna"), by: addresses("both", "office", "staff")))
        #expect(throws: DirectoryError.stillNamed(address("office"), by: addresses("info"))) {
            try directory.removeAlias(address("office"))
        }
        #expect(try directory.removeUser(address("anna"), removingReferences: true) == addresses("info", "office"))
        #expect(try directory.listAliases().map(\.address) == addresses("both"))
        #expect(try directory.expand(address("both"))?.mailboxes == addresses("bert"))
        #expect(try directory.listGroups()[0].targets == addresses("bert"))
        #expect(try directory.removeGroup(address("staff")) == [])
        #expect(try directory.expand(address("staff")) == nil)
    }

    @Test("the groups of an address: direct, nested, over aliases, by a subaddress; a change of the directory is seen at once")
    func groupsOfAddress() throws {
        let test = try TestDirectory(users: ["anna", "bert"])
        let directory = test.directory
        func groups(_ name: String) throws -> Set<String> { Set(try directory.groups(of: address(name)).map(\.text)) }
        for group in ["all", "staff", "board"] { try directory.addGroup(address(group)) }
        try directory.addAlias(address("b"), to: addresses("bert"))
        try directory.addMembers(addresses("staff", "anna"), to: address("all"))
        try directory.addMember(address("b"), to: address("staff"))
        #expect(try groups("anna") == ["all@a.example"])
        #expect(try groups("bert") == ["all@a.example", "staff@a.example"])
        #expect(try groups("BERT+news") == groups("bert"))
        #expect(try groups("staff") == ["all@a.example"])
        #expect(try groups("nobody") == [])
        try directory.addMember(address("guest@s.example"), to: address("board"))
        #expect(try groups("guest@s.example") == ["board@a.example"])
        try directory.removeMember(address("b"), from: address("staff"))
        #expect(try groups("bert") == [])
        try test.forge(3, "x", to: ["y", "anna"])
        try test.forge(3, "y", to: ["x"])
        test.directory.cache.removeAll()
        #expect(try groups("anna") == ["all@a.example", "x@a.example", "y@a.example"])
        #expect(try groups("x") == ["y@a.example"])
    }
}
