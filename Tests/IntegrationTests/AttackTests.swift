import Foundation
import Testing

/// Real attacks on a real edge, from one client network, with the limits that a configuration has which says nothing of them.
@Suite("Kind: nothing that all share is emptied by one client network")
struct AttackTests {
    @Test(
        "one network attacks with 120 connections: it gets 50 at a time, and mail from another network is taken meanwhile",
        .timeLimit(.minutes(3)), arguments: ["quiet", "bdat", "rcpt", "noop", "deaf"])
    func attack(kind: String) async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        try await postern.addUser("alice@local.test")
        let result = try await Program.run(
            "python3", [Program.script("attack"), "\(postern.port)", "120", kind, "alice@local.test"])
        #expect(result.status == 0, "\(result.errors)")
        let said = result.text.split(separator: "\n")
        #expect(said.first == "taken" && said.count == 2, "\(result.text)")
        let refused = try #require(said.last.flatMap { Int($0.dropFirst("refused ".count)) })
        // Sessions that are closed for their idle commands make room for those that connect later.
        let isClosedSoon = ["bdat", "noop"].contains(kind)
        #expect(isClosedSoon ? refused <= 70 : refused == 70, "\(refused)")
        _ = try await postern.wait(for: 1, messagesFor: "alice")
        // The first refusal is said with the keys that change it; the others are not a line each.
        let lines = postern.logText.split(separator: "\n").filter { $0.contains("its network has as many as it may have") }
        #expect(lines.count == 1 || isClosedSoon && lines.isEmpty, "\(lines)")
        #expect(lines.allSatisfy { $0.contains("limit_per_network") }, "\(lines)")
        await postern.stop()
    }

    @Test(
        "one network attacks the login with 120 connections: it gets 100 at a time, and a login from another network succeeds meanwhile",
        .timeLimit(.minutes(3)), arguments: ["exchange", "cancel"])
    func login(kind: String) async throws {
        let settings = SubmissionUnderTest.Settings(
            tls: "{ mode: offered }",
            authentication: "{ basic: { mechanisms: [PLAIN], require_tls: false }, challenge: { mechanisms: [SCRAM-SHA-256] } }")
        try await withSubmission(settings) { server in
            let result = try await Program.run(
                "python3",
                [Program.script("attack"), "\(server.port)", "120", kind, "anna@local.test", SubmissionUnderTest.password])
            #expect(result.status == 0, "\(result.errors)")
            let said = result.text.split(separator: "\n")
            #expect(said.first == "taken" && said.count == 2, "\(result.text)")
            #expect(said.last == "refused 20", "\(result.text)")
            _ = try await server.postern.wait(for: 1, messagesFor: "anna")
        }
    }
}
