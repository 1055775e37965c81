import Directory
import MailVocabulary
import Testing

@Suite("Catch-alls, and domains that are aliases")
struct CatchAllTests {
    /// `old.example` is another name of `a.example`.
    private func made(users: [String] = ["anna", "bob"]) throws -> TestDirectory {
        let test = try TestDirectory(users: users)
        test.directory.domains = DirectoryDomains(
            authoritative: TestDirectory.domains.authoritative, shared: TestDirectory.domains.shared,
            aliases: [DomainName(parsing: "old.example")!: DomainName(parsing: "a.example")!])
        return test
    }

    private func reached(_ recipient: String, _ directory: Directory) throws -> [String]? {
        let lead = try directory.lead(of: address(recipient))
        let expansion = try directory.expand(address(recipient))
        #expect((lead == .unknown) == (expansion == nil))
        return expansion.map { $0.mailboxes.map(\.description) + $0.outside.map(\.address.description) }
    }

    @Test(
        "kind: exact, subaddress, catch-all, in this order; under each name of the domain",
        arguments: [
            ("anna", ["anna@a.example"]), ("anna+x", ["anna@a.example"]), ("info", ["anna@a.example"]), ("no.such", ["bob@a.example"]),
            ("no+x", ["bob@a.example"]), ("anna@old.example", ["anna@a.example"]), ("anna+x@old.example", ["anna@a.example"]),
            ("no.such@old.example", ["bob@a.example"]), ("x@s.example", nil), ("x@elsewhere.example", nil),
        ] as [(String, [String]?)])
    func order(recipient: String, reached: [String]?) throws {
        let test = try made()
        try test.directory.addAlias(address("info"), to: addresses("anna"))
        #expect(try self.reached("no.such", test.directory) == nil)
        try test.directory.addAlias(address("*@a.example"), to: addresses("bob@old.example"))
        // Asked twice: the second answer comes from the cache.
        for _ in 0..<2 { #expect(try self.reached(recipient, test.directory) == reached) }
        try test.directory.removeAlias(address("*@a.example"))
        #expect(try self.reached("no.such", test.directory) == nil)
    }

    @Test("a catch-all leads outside only as a forward")
    func outside() throws {
        let test = try made()
        #expect(throws: DirectoryError.targetOutside(address("x@far.example"), of: address("*@a.example"))) {
            try test.directory.addAlias(address("*@a.example"), to: addresses("x@far.example"))
        }
        try test.directory.addAlias(address("*@a.example"), to: addresses("x@far.example"), forward: true)
        #expect(try reached("anything", test.directory) == ["x@far.example"])
    }

    @Test("kind: a `*` anywhere else is refused with a sentence")
    func wildcards() throws {
        let test = try made()
        let directory = test.directory
        func refusal(_ body: () throws(DirectoryError) -> Void) -> String {
            do throws(DirectoryError) { try body() } catch { return "\(error)" }
            return ""
        }
        #expect(
            refusal { () throws(DirectoryError) in try directory.addUser(address("*@a.example")) }
                == "*@a.example cannot be a user: a `*` is nobody; an alias *@a.example takes the mail of every address that does not exist"
        )
        #expect(refusal { () throws(DirectoryError) in try directory.addGroup(address("*@a.example")) }.contains("cannot be a group"))
        #expect(
            refusal { () throws(DirectoryError) in try directory.addAlias(address("sales*@a.example"), to: addresses("anna")) }.contains(
                "stands for a whole local part only"))
        for target in ["*@a.example", "*@far.example"] {
            #expect(
                refusal { () throws(DirectoryError) in try directory.addAlias(address("all"), to: addresses(target), forward: true) }
                    == "all@a.example cannot lead to \(target): a `*` is nobody who could get mail")
        }
        #expect(
            refusal { () throws(DirectoryError) in try directory.addUser(address("x@old.example")) }
                == "x@old.example cannot be an entry: old.example is an alias of a.example in the configuration, so its mail is for x@a.example"
        )
    }

    @Test("what a catch-all takes is nobody: no target, no member, no login, and no address of whoever gets it")
    func nobody() throws {
        let test = try made()
        let directory = test.directory
        try directory.addAlias(address("*@a.example"), to: addresses("bob"))
        try directory.addGroup(address("staff"))
        #expect(throws: DirectoryError.noSuchTarget(address("gone"), of: address("staff"))) {
            try directory.addMember(address("gone"), to: address("staff"))
        }
        try directory.addMember(address("bob"), to: address("staff"))
        #expect(try directory.groups(of: address("no.such")).isEmpty)
        guard case .mailbox(let bob)? = try directory.resolve(address: address("bob"))?.content else {
            throw DirectoryError.noSuchUser(address("bob"))
        }
        #expect(try directory.ownAddresses(of: bob) == addresses("bob"))
        #expect(try directory.resolve(address: address("no.such")) == nil)
        #expect(try !directory.hasPostmaster(DomainName(parsing: "a.example")!))
    }

    @Test("members entered under another name of the domain, before or after it became one, are the same people")
    func members() throws {
        let test = try TestDirectory(users: ["anna"])
        let (own, old) = (DomainName(parsing: "a.example")!, DomainName(parsing: "old.example")!)
        test.directory.domains = DirectoryDomains(authoritative: [own, old])
        try test.directory.addUser(address("anna@old.example"))
        try test.directory.addGroup(address("before"))
        try test.directory.addMember(address("anna@old.example"), to: address("before"))
        test.directory.domains = DirectoryDomains(authoritative: [own], aliases: [old: own])
        try test.directory.addGroup(address("after"))
        try test.directory.addMember(address("anna@old.example"), to: address("after"))
        let groups = [AddressKey(address("before")), AddressKey(address("after"))]
        #expect(try test.directory.groups(of: address("anna")) == Set(groups))
        #expect(try test.directory.groups(of: address("anna@old.example")) == Set(groups))
        #expect(try test.directory.listGroups().map { $0.targets } == [addresses("anna"), addresses("anna@old.example")])
        #expect(try reached("before", test.directory) == ["anna@a.example"])
        try test.directory.removeMember(address("anna@old.example"), from: address("before"))
        try test.directory.removeMember(address("anna@old.example"), from: address("after"))
        #expect(try test.directory.groups(of: address("anna")).isEmpty)
    }
}
