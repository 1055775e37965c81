import Testing

@testable import SMTPProtocol

@Suite("What a server announces")
struct RemoteExtensionsTests {
    @Test(
        "lines that say AUTH: several are one set, each mechanism once, and the old form with an equals sign counts",
        arguments: [
            (["AUTH PLAIN", "AUTH LOGIN"], ["PLAIN", "LOGIN"]), (["AUTH=PLAIN LOGIN"], ["PLAIN", "LOGIN"]),
            (["AUTH PLAIN LOGIN", "AUTH=PLAIN LOGIN CRAM-MD5"], ["PLAIN", "LOGIN", "CRAM-MD5"]), (["AUTH"], []), (["AUTH="], []),
            (["auth=plain", "SIZE 10", "Auth Login"], ["PLAIN", "LOGIN"]), (["AUTH= PLAIN"], ["PLAIN"]), (["AUTHX PLAIN"], []),
            (["AUTH not@one PLAIN"], ["PLAIN"]),
        ])
    func mechanisms(lines: [String], expected: [String]) {
        #expect(RemoteExtensions(lines: lines).authenticationMechanisms == expected)
    }

    @Test("mechanisms are bounded over all lines")
    func bounded() {
        let lines = (0..<20).map { line in "AUTH " + (0..<10).map { "M\(line)-\($0)" }.joined(separator: " ") }
        #expect(RemoteExtensions(lines: lines).authenticationMechanisms.count == 64)
    }

    @Test("what a server refused is as if it had not been announced", arguments: RemoteExtension.allCases)
    func removed(_ name: RemoteExtension) {
        let all = RemoteExtensions(lines: ["SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "BINARYMIME", "DSN", "PIPELINING"])
        var some = all
        some.remove([name])
        #expect(some != all && some.pipelining)
        some.remove(Set(RemoteExtension.allCases))
        #expect(some == RemoteExtensions(lines: ["PIPELINING"]))
    }
}
