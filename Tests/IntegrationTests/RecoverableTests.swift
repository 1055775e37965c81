import Foundation
import Testing

/// Passwords that can be read again, from the command line to the database.
@Suite("Recoverable passwords")
struct RecoverableTests {
    @Test("refused where not configured and without a key; sealed by the command, and gone with the next password")
    func recoverable() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        func run(_ words: String, _ status: Int32 = 0, input: String = "") async throws -> Program.Result {
            let result = try await postern.postern(words.split(separator: " ").map(String.init), input: input)
            #expect(result.status == status, "\(words): \(result.status) \(result.errors)")
            return result
        }
        func isRecoverable() async throws -> [Bool] {
            try await run("credential list anna --json").text.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["recoverable"] as? Bool ?? false
            }
        }
        _ = try await run("user add anna")
        let off = try await run("user passwd anna --recoverable", 78, input: "pencil\n")
        #expect(off.errors.contains("the configuration has no identity.recoverable_secrets"), "\(off.errors)")
        _ = try await run("credential key", 78)

        let secrets = "\nidentity: { recoverable_secrets: { key: secrets.key } }"
        try postern.write(edge: "", rest: PosternUnderTest.localDomain + secrets)
        let missing = try await run("user passwd anna --recoverable", 78, input: "pencil\n")
        #expect(missing.errors.contains("`postern credential key` makes it"), "\(missing.errors)")
        _ = try await run("credential key")
        let key = postern.folder.file("secrets.key").path
        #expect(try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int == 0o600)
        _ = try await run("credential key", 71)
        // The running core has the old configuration still.
        let early = try await run("user passwd anna --recoverable", 78, input: "pencil\n")
        #expect(early.errors.contains("the running configuration has no identity.recoverable_secrets"), "\(early.errors)")
        _ = try await run("reload")

        let kept = try await run("user passwd anna --recoverable", input: "pencil\n")
        #expect(kept.errors.contains("the weaker choice"), "\(kept.errors)")
        _ = try await run("credential add anna --name pc --recoverable")
        #expect(try await isRecoverable() == [true, true])
        _ = try await run("user passwd anna", input: "crayon\n")
        #expect(try await isRecoverable() == [false, true])
        await postern.stop()
    }
}
