import Foundation
import Testing

/// What administrators are asked for: `exercises`, each by `postern test` and by mail that programs we did not write send to it.
@Suite("Exercises of an administrator")
struct ExerciseTests {
    /// A folder, and what somebody logged in (or a stranger) is told by one of its refusals.
    struct Exercise: Sendable, CustomStringConvertible {
        let folder: String
        let envelope, reply, rule: String
        var description: String { folder }
    }

    static let exercises = [
        Exercise(
            folder: "four-users-refused", envelope: "as: carl, from: carl@example.org, to: someone@example.net",
            reply: "550 5.7.1 You may not send to example.net: mail from carl@example.org is not carried there [R-",
            rule: "connectors.general.restrictions"),
        Exercise(
            folder: "only-four-users", envelope: "as: alice, from: alice@example.org, to: someone@example.net",
            reply: "550 5.7.1 You may not send to example.net: only certain senders may [R-", rule: "connectors.general.restrictions"),
        Exercise(
            folder: "no-relay", envelope: "as: alice, from: alice@example.org, to: someone@example.net",
            reply: "550 5.7.1 Relaying denied: you may not send to example.net, which is none of our domains [R-",
            rule: "virtual_servers.clients.relay"),
        Exercise(
            folder: "relay-for-a-subnet", envelope: "client: 10.2.0.3, from: printer@example.org, to: someone@example.net",
            reply: "550 5.7.1 Relaying denied [R-", rule: "virtual_servers.inside.relay"),
        Exercise(
            folder: "relay-for-a-group", envelope: "as: dora, from: dora@example.org, to: someone@example.net",
            reply: "550 5.7.1 Relaying denied: you may not send to example.net, which is none of our domains [R-",
            rule: "virtual_servers.clients.relay"),
        Exercise(
            folder: "relay-on-a-connector", envelope: "as: alice, from: alice@example.org, to: someone@example.net",
            reply: "550 5.7.1 Relaying denied: you may not send to example.net, which is none of our domains [R-",
            rule: "virtual_servers.clients.relay"),
        Exercise(
            folder: "school", envelope: "as: sam, from: sam@example.org, to: someone@example.net",
            reply: "550 5.7.1 Relaying denied: you may not send to example.net, which is none of our domains [R-",
            rule: "virtual_servers.clients.relay"),
    ]

    @Test("no exercise is without a test")
    func all() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: ExerciseUnderTest.folder.path).filter { $0 != "README.md" }
        #expect(folders.sorted() == Self.exercises.map(\.folder).sorted())
    }

    @Test("its policy tests hold, and the running system does with each of their envelopes what they say", arguments: exercises)
    func holds(_ exercise: Exercise) async throws {
        let system = try ExerciseUnderTest(exercise.folder)
        let tested = try await Program.run(
            PosternUnderTest.postern,
            [
                "test", "\(system.source)/policy-tests.yaml", "--config", "\(system.source)/postern.yaml", "--directory",
                "\(system.source)/directory.yaml",
            ])
        #expect(tested.status == 0 && tested.text == "\(system.rows.count) of \(system.rows.count) as expected\n", "\(tested)")
        try await system.start()
        var expected: [String: Int] = [:]
        var told: [String] = []
        for row in system.rows {
            let sent = try await system.send(row)
            #expect((sent.status == 0) == (row.expectation != "refuse"), "\(row)\n\(sent.text)\n\(sent.errors)")
            if row.expectation != "refuse" { expected[row.expectation, default: 0] += 1 }
            // That somebody has to log in is no rule of the file.
            if row.expectation == "refuse", !sent.text.contains("* 530 5.7.0 ") {
                // Whatever else was refused, its code leads to the line that refused it, or to the key that nobody has written.
                let code = try #require(
                    sent.text.firstMatch(of: /<\S* +5\d\d [^\n]*\[(R-[0-9a-z]{5}-[0-9a-z]{2})\]/), "\(row)\n\(sent.text)"
                ).1
                let rule = try await system.postern.postern(["explain", "refusal", String(code)])
                let place = sent.text.contains("You may not send as") ? "permissions.send_as\n" : "/postern.yaml:"
                #expect(rule.status == 0 && rule.text.contains(place), "\(row)\n\(rule.text)")
                if row.description.contains(exercise.envelope) {
                    #expect(sent.text.contains(exercise.reply), "\(sent.text)")
                    #expect(rule.text.contains(exercise.rule), "\(rule)")
                    told.append(String(code))
                }
            }
        }
        #expect(!told.isEmpty, "no row of \(exercise.folder) is the one that the test speaks of")
        _ = try await eventually("nothing waits; the log:\n\(system.postern.logText.suffix(3000))") {
            try await system.postern.queue().isEmpty ? true : nil
        }
        for (connector, count) in try system.delivered() { #expect(count == expected[connector] ?? 0, "by \(connector)") }
        await system.stop()
    }

    @Test("where a connector overrides relay, check warns who may relay where, and is content")
    func warning() async throws {
        let system = try ExerciseUnderTest("relay-on-a-connector")
        try await Certificate.selfSigned(in: system.postern.folder, name: "mail")
        let checked = try await system.postern.postern(["check"])
        let warning =
            "warning: connectors.partner.relay: strangers may send to fabrikam.example, *.fabrikam.example over every virtual server (S23)"
        #expect(checked.status == 0 && (checked.text + checked.errors).contains(warning), "\(checked)")
        let page = try String(contentsOfFile: "\(system.source)/README.md", encoding: .utf8)
        #expect(page.contains("\n\(warning)\n"), "the exercise's README shows it")
    }
}
