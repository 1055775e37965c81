import DurableStorage
import MailVocabulary
import Testing

@testable import Directory

@Suite("Users and look-up")
struct DirectoryUserTests {
    @Test("a user is found in any case, by a subaddress too, and nobody else is")
    func lookup() throws {
        let test = try TestDirectory(users: ["Anna.Berg"])
        let anna = try #require(try test.directory.resolve(recipient: address("anna.berg")))
        #expect(anna.address == address("Anna.Berg"))
        #expect(anna.kind == .user)
        #expect(try test.directory.resolve(recipient: address("ANNA.BERG+lists@A.Example")) == anna)
        #expect(try test.directory.resolve(recipient: address("anna.berg+a+b")) == anna)
        for other in ["anna", "anna.berg-lists", "+anna.berg", "anna.berg@s.example", "anna.berg@[192.0.2.1]", "anna.berg@b.example"] {
            #expect(try test.directory.resolve(recipient: address(other)) == nil, "\(other)")
        }
    }

    @Test("an entry of its own takes a subaddress from the user, and gives it back")
    func subaddress() throws {
        let test = try TestDirectory(users: ["anna", "bert"])
        #expect(try test.directory.resolve(recipient: address("anna+work"))?.address == address("anna"))
        try test.directory.addAlias(address("anna+work"), to: addresses("bert"))
        #expect(try test.directory.resolve(recipient: address("anna+work"))?.kind == .alias)
        try test.directory.removeAlias(address("anna+work"))
        #expect(try test.directory.resolve(recipient: address("anna+work"))?.address == address("anna"))
    }

    @Test("an address is found in every normal form that it is typed in, and cannot be added again in another one")
    func normalForms() throws {
        for (added, asked) in [("ren\u{E9}", "rene\u{301}"), ("rene\u{301}", "ren\u{E9}"), ("\u{212B}sa", "a\u{30A}sa")] {
            let test = try TestDirectory(users: [added])
            #expect(try test.directory.resolve(recipient: address(asked))?.kind == .user)
            #expect(try test.directory.resolve(recipient: address(added)) != nil)
            try test.directory.setPassword(loginName: "\(asked)@a.example", "pencil")
            #expect(try test.directory.verify(loginName: "\(added)@a.example", password: "pencil") != nil)
            #expect(throws: DirectoryError.self) { try test.directory.addUser(address(asked)) }
        }
        // Variants that mean something else are another address.
        let test = try TestDirectory(users: ["m2"])
        #expect(try test.directory.resolve(recipient: address("m²")) == nil)
    }

    @Test("a key that an earlier release kept in another normal form is found after the next opening")
    func formerKeys() throws {
        let test = try TestDirectory(users: ["ren\u{E9}", "anna"])
        try test.directory.setPassword(loginName: "ren\u{E9}@a.example", "pencil")
        try test.directory.addAlias(address("office"), to: addresses("ren\u{E9}"))
        for (table, column) in [("entries", "key"), ("targets", "key"), ("credentials", "login_key")] {
            try test.forge(
                "UPDATE \(table) SET \(column) = replace(\(column), char(233), 'e' || char(769))")
        }
        try test.reopen()
        let opened = test.directory
        #expect(try opened.verify(loginName: "ren\u{E9}@a.example", password: "pencil") != nil)
        #expect(try opened.expand(address("office"))?.mailboxes == addresses("ren\u{E9}"))
    }

    @Test("what cannot be added is refused in words")
    func refusals() throws {
        let test = try TestDirectory(users: ["anna"])
        try test.directory.addAlias(address("office"), to: addresses("anna"))
        #expect(throws: DirectoryError.alreadyExists(address("anna"), as: .user)) { try test.directory.addUser(address("ANNA")) }
        let taken = #expect(throws: DirectoryError.self) { try test.directory.addUser(address("office")) }
        #expect(taken.map { "\($0)" } == "office@a.example already exists as an alias")
        #expect(throws: DirectoryError.domainNotOurs(address("x@b.example"))) { try test.directory.addUser(address("x@b.example")) }
        #expect(throws: DirectoryError.password(.empty)) { try test.directory.addUser(address("bert"), password: "") }
        #expect(try test.directory.resolve(recipient: address("bert")) == nil)
        #expect(throws: DirectoryError.noSuchUser(address("bert"))) { try test.directory.removeUser(address("bert")) }
        #expect(throws: DirectoryError.wrongKind(address("office"), is: .alias, wanted: .user)) {
            try test.directory.removeUser(address("office"))
        }
        try test.directory.addUser(address("x@s.example"))
    }

    @Test("every change is seen at once, also by an address that was looked up before")
    func cacheInvalidation() throws {
        let test = try TestDirectory()
        let directory = test.directory
        #expect(try directory.resolve(recipient: address("anna")) == nil)
        try directory.addUser(address("anna"))
        #expect(try directory.resolve(recipient: address("anna")) != nil)
        try directory.addGroup(address("staff"))
        #expect(try directory.expand(address("staff"))?.isEmpty == true)
        try directory.addMember(address("anna"), to: address("staff"))
        #expect(try directory.expand(address("staff"))?.mailboxes == addresses("anna"))
        try directory.removeUser(address("anna"), removingReferences: true)
        #expect(try directory.resolve(recipient: address("anna")) == nil)
        #expect(try directory.expand(address("staff"))?.isEmpty == true)
        // A refused change leaves nothing of itself behind in memory.
        #expect(throws: DirectoryError.self) { try directory.addAlias(address("loop"), to: addresses("loop")) }
        #expect(try directory.resolve(recipient: address("loop")) == nil)
    }

    @Test("the cache stays within its capacity, whatever strangers ask for, and keeps what is in use")
    func cacheBounds() throws {
        var cache = DirectoryCache(capacity: 100)
        let used = AddressKey(text: "anna@a.example")
        for number in 0..<10_000 {
            if cache.answer(for: used) == nil {
                #expect(number == 0)
                cache.insert(.unknown, for: used)
            }
            cache.insert(.unknown, for: AddressKey(text: "\(number)@a.example"))
            #expect(cache.count <= 100)
        }
        let keys = (0..<51).map { AddressKey(text: "\($0)") }
        let big = DirectoryEntry(address: address("all"), content: .group(members: [], forward: false), id: 1, targetKeys: keys)
        cache.insert(.entry(big), for: AddressKey(address("all")))
        #expect(cache.answer(for: AddressKey(address("all"))) == nil)
    }

    @Test("a list of users has when they came and whether they can log in; ids are not used again")
    func list() throws {
        let test = try TestDirectory()
        let bert = try test.directory.addUser(address("bert"), now: Timestamp(seconds: 7))
        let anna = try test.directory.addUser(address("anna"), password: "pencil", now: Timestamp(seconds: 8))
        #expect(
            try test.directory.listUsers() == [
                DirectoryUser(account: anna, address: address("anna"), createdAt: Timestamp(seconds: 8), credentials: 1),
                DirectoryUser(account: bert, address: address("bert"), createdAt: Timestamp(seconds: 7), credentials: 0),
            ])
        #expect(try test.directory.userCount() == 2)
        #expect(try test.directory.address(of: anna) == address("anna"))
        try test.directory.removeUser(address("anna"))
        #expect(try test.directory.address(of: anna) == nil)
        #expect(try test.directory.addUser(address("carl")).value > anna.value)
    }

    @Test("a directory that never had anybody knows it; one that had somebody, a user, an alias or a group, knows that for good")
    func neverHadAnybody() throws {
        for make
            in ([
                { try $0.addUser(address("anna")) }, { try $0.addGroup(address("staff")) },
                { try $0.addAlias(address("far"), to: addresses("x@far.example"), forward: true) },
            ] as [(Directory) throws -> Void])
        {
            let test = try TestDirectory()
            #expect(test.directory.hasNeverHadAnybody)
            // A change that is refused brings nobody.
            #expect(throws: DirectoryError.self) { try test.directory.addUser(address("anna@elsewhere.example")) }
            #expect(throws: DirectoryError.self) { try test.directory.addAlias(address("loop"), to: addresses("loop")) }
            #expect(test.directory.hasNeverHadAnybody)
            try test.reopen()
            #expect(test.directory.hasNeverHadAnybody)
            try make(test.directory)
            #expect(!test.directory.hasNeverHadAnybody)
            try test.forge("PRAGMA foreign_keys = ON; DELETE FROM entries")
            try test.reopen()
            #expect(!test.directory.hasNeverHadAnybody, "also when the last one is gone")
        }
    }

    @Test("a domain has a postmaster, or not")
    func postmaster() throws {
        let test = try TestDirectory(users: ["anna"])
        let domain = try #require(DomainName(parsing: "a.example"))
        #expect(try !test.directory.hasPostmaster(domain))
        try test.directory.addAlias(address("Postmaster"), to: addresses("anna"))
        #expect(try test.directory.hasPostmaster(domain))
    }

    @Test("users, targets and passwords are there after the file is opened again")
    func persistence() throws {
        let test = try TestDirectory()
        let anna = try test.directory.addUser(address("anna"), password: "pencil")
        try test.directory.addGroup(address("staff"), forward: true)
        try test.directory.addMember(address("x@b.example"), to: address("staff"))
        let decoy = try test.directory.decoyVerifier(loginName: "nobody")
        try test.reopen()
        #expect(try test.directory.verify(loginName: "anna@a.example", password: "pencil") == anna)
        #expect(try test.directory.expand(address("staff"))?.outside.map(\.address) == addresses("x@b.example"))
        #expect(try test.directory.decoyVerifier(loginName: "nobody") == decoy)
    }

    @Test("the file of a newer release is refused and not touched")
    func newer() throws {
        let test = try TestDirectory(users: ["anna"])
        try test.forge("PRAGMA user_version = 99")
        let error = #expect(throws: DirectoryError.self) { try test.reopen() }
        #expect(error == .schema(.newerThanProgram(path: test.path, found: 99, supported: 2)))
        #expect(error?.isInternal == true)
        #expect(try SQLiteConnection(path: test.path, mode: .readOnly).schemaVersion() == 99)
    }

    @Test("the file of the first release is brought up to this one's schema, and everybody can still log in")
    func older() throws {
        let test = try TestDirectory()
        let anna = try test.directory.addUser(address("anna"), password: "pencil")
        try test.forge("ALTER TABLE credentials DROP COLUMN secret")
        try test.forge("PRAGMA user_version = 1")
        try test.reopen()
        #expect(try SQLiteConnection(path: test.path, mode: .readOnly).schemaVersion() == 2)
        #expect(try test.directory.verify(loginName: "anna@a.example", password: "pencil") == anna)
        #expect(try test.directory.listCredentials(of: address("anna")).map(\.isRecoverable) == [false])
    }

    @Test("a damaged row is an error, not an unknown recipient")
    func damaged() throws {
        let test = try TestDirectory(users: ["anna", "bert"])
        try test.forge("UPDATE entries SET address = 'no address' WHERE key = 'anna@a.example'")
        let error = #expect(throws: DirectoryError.self) { try test.directory.resolve(recipient: address("anna")) }
        #expect(error?.isInternal == true)
        #expect(try test.directory.resolve(recipient: address("bert")) != nil)
    }

    @Test("a full disk refuses the change as the machine's failure, look-ups go on, and it succeeds when there is room")
    func full() throws {
        let test = try TestDirectory(users: ["anna"])
        try test.directory.connection.execute("PRAGMA max_page_count = 1")  // SQLite takes the present size for it
        var refused: DirectoryError?
        var number = 0
        while refused == nil, number < 1000 {
            do { try test.directory.addUser(address("user\(number)")) } catch { refused = error }
            number += 1
        }
        guard case .storage(let error) = refused else {
            Issue.record("not refused: \(String(describing: refused))")
            return
        }
        #expect(error.isFull && refused?.isInternal == true)
        #expect(try test.directory.resolve(recipient: address("anna")) != nil)
        #expect(try test.directory.resolve(recipient: address("user\(number - 1)")) == nil)
        try test.directory.connection.execute("PRAGMA max_page_count = 100000")
        try test.directory.addUser(address("user\(number - 1)"))
    }
}
