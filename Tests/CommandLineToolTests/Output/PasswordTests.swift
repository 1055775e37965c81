import Testing

@testable import CommandLineTool

@Suite("Passwords that are set")
struct PasswordTests {
    @Test("what cannot be a password is refused, and nothing of it is replaced")
    func refusals() throws {
        #expect(try Password.checked(Array("pass wörd".utf8)) == "pass wörd")
        #expect(try Password.checked(Array(repeating: 0x61, count: 1024)).utf8.count == 1024)
        #expect(throws: Password.Refusal.empty) { try Password.checked([]) }
        #expect(throws: Password.Refusal.tooLong) { try Password.checked(Array(repeating: 0x61, count: 1025)) }
        #expect(throws: Password.Refusal.notUTF8) { try Password.checked([0x61, 0xFF]) }
        #expect(Password.Refusal.notUTF8.status.rawValue == 65 && Password.Refusal.empty.status.rawValue == 65)
    }
}
