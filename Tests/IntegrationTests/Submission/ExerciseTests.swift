import Foundation
import Testing

/// What administrators want of a mail system, each as a whole: the configuration, the dialogue, and the policy test that keeps it so.
@Suite("Exercises of an administrator")
struct ExerciseTests {
    private static let people = ["carl", "dora", "emil", "frida", "gerd"]

    /// A session over TLS of somebody who is logged in, as a script.
    private static func session(_ account: String, _ server: SubmissionUnderTest, _ mails: [(to: String, reply: String)]) -> String {
        ([
            "@\(account) \(server.securePort) 127.0.0.1", "TLS", "S: 220", "C: EHLO client.test", "S: 250",
            "AUTH PLAIN \(account) \(SubmissionUnderTest.password)", "S: 235",
        ] + mails.flatMap { mail(from: "\(account)@local.test", $0) }).joined(separator: "\n") + "\n"
    }

    /// A stranger at the edge.
    private static func stranger(_ server: SubmissionUnderTest, from sender: String = "x@far.test", _ mails: [(to: String, reply: String)])
        -> String
    {
        (["@stranger \(server.postern.port) 127.0.0.1", "S: 220", "C: EHLO far.test", "S: 250"] + mails.flatMap { mail(from: sender, $0) })
            .joined(separator: "\n") + "\n"
    }

    private static func mail(from sender: String, _ mail: (to: String, reply: String)) -> [String] {
        ["C: MAIL FROM:<\(sender)>", "S: 250", "C: RCPT TO:<\(mail.to)>", "S: \(mail.reply)", "C: RSET", "S: 250"]
    }

    /// Starts it with people and groups, plays the scripts, and has `postern test` say the same of the running directory.
    private func exercise(
        _ settings: SubmissionUnderTest.Settings, groups: [String: [String]] = [:], policy: String,
        _ scripts: (SubmissionUnderTest) -> [String]
    ) async throws {
        try await withSubmission(settings) { server in
            for name in Self.people { try await server.postern.addUser("\(name)@local.test", password: SubmissionUnderTest.password) }
            for (group, members) in groups.sorted(by: { $0.key < $1.key }) {
                #expect(try await server.postern.postern(["group", "add", group]).status == 0)
                #expect(try await server.postern.postern(["group", "add-member", group] + members).status == 0)
            }
            for script in scripts(server) {
                let said = try await server.play(script)
                #expect(said.isEmpty, "\(said)")
            }
            let file = try server.postern.folder.write("policy.yaml", policy)
            let tested = try await server.postern.postern(["test", file])
            #expect(tested.status == 0, "\(tested.text)\(tested.errors)")
        }
    }

    @Test("restrict four users on a connector: they may not use it, the fifth may; logged in, they are told why")
    func fourUsers() async throws {
        var settings = SubmissionUnderTest.Settings()
        settings.rest =
            #"  project: { address_spaces: [{ domain: project.test }], deliver: dns, restrictions: { reject_from: ["carl; dora", "emil", "frida"] } }"#
        try await exercise(
            settings,
            policy: """
                - { via: clients, client: 203.0.113.9, as: carl, from: carl, to: x@project.test, expect: refuse }
                - { via: clients, client: 203.0.113.9, as: gerd, from: gerd, to: x@project.test, expect: project }
                - { via: clients, client: 203.0.113.9, as: carl, from: carl, to: x@elsewhere.test, expect: world }
                """
        ) { server in
            ["carl", "dora", "emil", "frida"].map {
                Self.session(
                    $0, server,
                    [
                        (
                            "x@project.test",
                            "550 5.7.1 You may not send to project.test: mail from \($0)@local.test is not carried there [R-"
                        ),
                        ("x@elsewhere.test", "250"), ("anna@local.test", "250"),
                    ])
            } + [Self.session("gerd", server, [("x@project.test", "250")])]
        }
    }

    @Test("prevent relaying: nobody relays, whoever they say they are, and mail for us comes in")
    func noRelay() async throws {
        var settings = SubmissionUnderTest.Settings()
        settings.relay = "{ accounts: none }"
        try await exercise(
            settings,
            policy: """
                - { via: internet, client: 203.0.113.9, from: x@far.test, to: y@elsewhere.test, expect: refuse }
                - { via: internet, client: 203.0.113.9, from: anna@local.test, to: y@elsewhere.test, expect: refuse }
                - { via: clients, client: 203.0.113.9, as: carl, from: carl, to: y@elsewhere.test, expect: refuse }
                - { via: internet, client: 203.0.113.9, from: x@far.test, to: anna@local.test, expect: mailboxes }
                """
        ) { server in
            [
                Self.stranger(server, [("y@elsewhere.test", "550 5.7.1 Relaying denied [R-"), ("anna@local.test", "250")]),
                Self.stranger(server, from: "anna@local.test", [("y@elsewhere.test", "550 5.7.1")]),
                Self.session("carl", server, [("y@elsewhere.test", "550 5.7.1"), ("anna@local.test", "250")]),
            ]
        }
    }

    @Test("relay only for a subnet: its computers relay without a login, the neighbours do not")
    func subnet() async throws {
        var settings = SubmissionUnderTest.Settings()
        settings.authentication = "{ anonymous: true, basic: { mechanisms: [PLAIN] } }"
        settings.relay = "{ accounts: none, computers: { only: [\"127.7.7.0/24\"] } }"
        func computer(_ server: SubmissionUnderTest, _ address: String, _ reply: String) -> String {
            ([
                "@computer \(server.securePort) \(address)", "TLS", "S: 220", "C: EHLO scanner.test", "S: 250",
            ] + Self.mail(from: "scan@local.test", ("y@elsewhere.test", reply))
                + Self.mail(from: "scan@local.test", ("anna@local.test", "250")))
                .joined(separator: "\n") + "\n"
        }
        try await exercise(
            settings,
            policy: """
                - { via: clients, client: 127.7.7.9, from: scan@local.test, to: y@elsewhere.test, expect: world }
                - { via: clients, client: 127.7.8.9, from: scan@local.test, to: y@elsewhere.test, expect: refuse }
                """
        ) { [computer($0, "127.7.7.9", "250"), computer($0, "127.7.8.9", "550 5.7.1")] }
    }

    @Test("relay only for a group, also for who is in a group within it")
    func group() async throws {
        var settings = SubmissionUnderTest.Settings()
        settings.relay = #"{ accounts: { grant: ["group:sales"] } }"#
        try await exercise(
            settings, groups: ["field@local.test": ["dora@local.test"], "sales@local.test": ["carl@local.test", "field@local.test"]],
            policy: """
                - { via: clients, client: 203.0.113.9, as: dora, from: dora, to: y@elsewhere.test, expect: world }
                - { via: clients, client: 203.0.113.9, as: emil, from: emil, to: y@elsewhere.test, expect: refuse }
                """
        ) { server in
            [
                Self.session("carl", server, [("y@elsewhere.test", "250")]), Self.session("dora", server, [("y@elsewhere.test", "250")]),
                Self.session("emil", server, [("y@elsewhere.test", "550 5.7.1"), ("anna@local.test", "250")]),
            ]
        }
    }

    @Test("override relay on a connector: strangers may relay to its domain and to no other, and check warns of it")
    func override() async throws {
        var settings = SubmissionUnderTest.Settings()
        settings.rest = "  partner: { address_spaces: [{ domain: partner.test }], deliver: dns, relay: true }"
        try await exercise(
            settings,
            policy: """
                - { via: internet, client: 203.0.113.9, from: x@far.test, to: y@partner.test, expect: partner }
                - { via: internet, client: 203.0.113.9, from: x@far.test, to: y@elsewhere.test, expect: refuse }
                """
        ) { [Self.stranger($0, [("y@partner.test", "250"), ("y@sub.partner.test", "550 5.7.1"), ("y@elsewhere.test", "550 5.7.1")])] }
        let server = try await SubmissionUnderTest(settings)
        let check = try await server.postern.postern(["check"])
        #expect(check.status == 0)
        #expect(
            check.text.contains("warning: connectors.partner.relay: ") && check.text.contains("partner.test"), "\(check.text)")
    }

    @Test("a school: staff write to and hear from the Internet, students do neither, and all write to each other")
    func school() async throws {
        var settings = SubmissionUnderTest.Settings()
        settings.relay = #"{ accounts: { grant: ["group:staff"] } }"#
        settings.rest = """
            permissions:
              receive:
                - { to: ["group:students"], from: authenticated }
            """
        try await exercise(
            settings,
            groups: [
                "staff@local.test": ["carl@local.test", "dora@local.test"], "students@local.test": ["emil@local.test", "frida@local.test"],
            ],
            policy: """
                - { via: clients, client: 203.0.113.9, as: carl, from: carl, to: parent@home.test, expect: world }
                - { via: clients, client: 203.0.113.9, as: emil, from: emil, to: friend@home.test, expect: refuse }
                - { via: internet, client: 203.0.113.9, from: parent@home.test, to: carl@local.test, expect: mailboxes }
                - { via: internet, client: 203.0.113.9, from: friend@home.test, to: emil@local.test, expect: refuse }
                - { via: clients, client: 203.0.113.9, as: emil, from: emil, to: carl@local.test, expect: mailboxes }
                - { via: clients, client: 203.0.113.9, as: carl, from: carl, to: emil@local.test, expect: mailboxes }
                """
        ) { server in
            [
                Self.session("carl", server, [("parent@home.test", "250"), ("emil@local.test", "250"), ("dora@local.test", "250")]),
                Self.session("emil", server, [("friend@home.test", "550 5.7.1"), ("carl@local.test", "250"), ("frida@local.test", "250")]),
                Self.stranger(server, from: "parent@home.test", [("carl@local.test", "250"), ("emil@local.test", "550 5.7.1")]),
                // That a stranger calls himself a teacher opens nothing.
                Self.stranger(server, from: "carl@local.test", [("emil@local.test", "550 5.7.1")]),
            ]
        }
    }
}
