import Directory
import MailVocabulary
import Testing

@Suite("Login names and the default domain")
struct LoginNameTests {
    private func directory(users: String...) throws -> TestDirectory {
        let test = try TestDirectory(users: users)
        test.directory.domains.defaultDomain = DomainName(parsing: "a.example")
        return test
    }

    @Test("a bare login is completed by the default domain")
    func completed() throws {
        let test = try directory(users: "anna")
        let directory = test.directory
        try directory.setPassword(loginName: "Anna", "pencil")
        #expect(try directory.verify(loginName: "anna", password: "pencil") != nil)
        #expect(try directory.verify(loginName: "anna@a.example", password: "pencil") != nil)
        try directory.removeCredential(loginName: "anna")
        #expect(try directory.verify(loginName: "anna@a.example", password: "pencil") == nil)
        #expect(throws: DirectoryError.noSuchLoginName("bert")) { try directory.setPassword(loginName: "bert", "x") }
        // A name of its own is what it says.
        try directory.addCredential(to: address("anna"), loginName: "anna-phone", password: "crayon")
        #expect(try directory.verify(loginName: "anna-phone", password: "crayon") != nil)
        try directory.removeCredential(loginName: "anna-phone")
        #expect(try directory.verify(loginName: "anna-phone", password: "crayon") == nil)
        #expect(try directory.decoyVerifier(loginName: "dora") == directory.decoyVerifier(loginName: "dora@a.example"))
    }

    @Test("a login name that would be taken for somebody else's address is refused, bare or not", arguments: ["bert", "bert@a.example"])
    func taken(name: String) throws {
        let test = try directory(users: "anna", "bert")
        #expect(throws: DirectoryError.loginNameTaken(name, by: address("bert"))) {
            try test.directory.addCredential(to: address("anna"), loginName: name, password: "x")
        }
    }

    @Test("so is one that is an alias or group of others; an alias of the account alone is its own")
    func aliases() throws {
        let test = try directory(users: "anna", "bert")
        let directory = test.directory
        func add(_ name: String) throws { try directory.addCredential(to: address("anna"), loginName: name, password: "x") }
        try directory.addAlias(address("office"), to: addresses("anna", "bert"))
        try directory.addAlias(address("a"), to: addresses("anna"))
        try directory.addGroup(address("staff"))
        #expect(throws: DirectoryError.loginNameIsAddress("office", of: address("office"), as: .alias)) { try add("office") }
        #expect(throws: DirectoryError.loginNameIsAddress("staff@a.example", of: address("staff"), as: .group)) {
            try add("staff@a.example")
        }
        try add("a")
        #expect(throws: DirectoryError.loginNameTaken("a", by: address("anna"))) {
            try directory.addTargets(addresses("bert"), to: address("a"))
        }
    }

    @Test("the other way round, an address that somebody logs in with is not given to others")
    func addressOfLogin() throws {
        let test = try directory(users: "anna", "bert")
        let directory = test.directory
        try directory.addCredential(to: address("anna"), loginName: "carl", password: "x")
        #expect(throws: DirectoryError.loginNameTaken("carl@a.example", by: address("anna"))) { try directory.addUser(address("carl")) }
        #expect(throws: DirectoryError.loginNameTaken("carl", by: address("anna"))) { try directory.addGroup(address("carl")) }
        #expect(throws: DirectoryError.loginNameTaken("carl", by: address("anna"))) {
            try directory.addAlias(address("carl"), to: addresses("bert"))
        }
        try directory.addAlias(address("carl"), to: addresses("anna"))
    }
}
