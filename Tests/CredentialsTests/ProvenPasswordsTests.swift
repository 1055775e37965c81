import Testing

@testable import Credentials

@Suite("The memory of proven passwords")
struct ProvenPasswordsTests {
    private func verifier() throws -> SCRAMVerifier { try SCRAMVerifier(password: PreparedPassword("pencil"), iterations: 4096) }

    @Test("only the same name, password and verifier match, and nothing in another process")
    func matches() throws {
        let (proven, verifier) = (try ProvenPasswords(), try verifier())
        let password = Array("pencil".utf8)
        try proven.insert(password, of: "anna@a.example", against: verifier)
        #expect(try proven.contains(password, of: "anna@a.example", against: verifier))
        #expect(try !proven.contains(password + [0x20], of: "anna@a.example", against: verifier))
        #expect(try !proven.contains(password, of: "bert@a.example", against: verifier))
        #expect(try !proven.contains(password, of: "anna@a.example", against: self.verifier()))
        // Where one part ends and the next begins counts.
        #expect(try !proven.contains(Array("epencil".utf8), of: "anna@a.exampl", against: verifier))
        #expect(try !ProvenPasswords().contains(password, of: "anna@a.example", against: verifier))
    }

    @Test("it never holds more than its capacity, and those in use stay")
    func bounded() throws {
        let (proven, verifier) = (try ProvenPasswords(capacity: 10), try verifier())
        for number in 0..<1000 {
            try proven.insert(Array("\(number)".utf8), of: "a", against: verifier)
            #expect(proven.count <= 10)
            #expect(try proven.contains(Array("0".utf8), of: "a", against: verifier), "asked for at every step")
        }
        #expect(try !proven.contains(Array("1".utf8), of: "a", against: verifier))
    }
}
