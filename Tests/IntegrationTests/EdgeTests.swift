import Foundation
import Testing

/// The edge as a client sees it: every limit with its reply, and a core that goes away at the worst moments.
@Suite("The edge's dialogue with the real executables")
struct EdgeTests {
    private static let envelope = """
        C: EHLO client.test
        S: 250
        C: MAIL FROM:<a@x.test>
        S: 250 2.1.0
        C: RCPT TO:<bob@local.test>
        S: 250 2.1.5
        """

    private static let data = """
        C: DATA
        S: 354
        C: Subject: x\\r\\n\\r\\nhi\\r\\n.
        """

    private func withEdge(_ edge: String = "", rest: String = PosternUnderTest.localDomain, _ body: (PosternUnderTest) async throws -> Void)
        async throws
    {
        let postern = try PosternUnderTest(edge: edge, rest: rest)
        try await postern.start()
        do {
            try await postern.addUser("bob@local.test")
            try await body(postern)
        } catch {
            Issue.record("the log:\n\(postern.logText.suffix(4000))")
            await postern.stop()
            throw error
        }
        await postern.stop()
    }

    private func play(_ script: String, on postern: PosternUnderTest) async throws {
        let player = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Support/dialogue.py").path
        let result = try await Program.run("python3", [player, "\(postern.port)"], input: Data(script.utf8))
        #expect(result.status == 0, "\(result.errors)\n\(script)")
    }

    @Test("too many connections, in all and from one address, are told so, and counted down when others end (S01)")
    func connectionLimits() async throws {
        try await withEdge("connections: { limit: 3, limit_per_network: 2 }") { postern in
            try await play(
                """
                S: 220
                @second
                S: 220
                @third
                S: 421 4.7.0
                END
                @second
                C: QUIT
                S: 221
                END
                """, on: postern)
            try await play("S: 220\nC: QUIT\nS: 221\nEND", on: postern)
        }
    }

    @Test("who is on the list is refused with a reply (S16)")
    func access() async throws {
        try await withEdge(#"connections: { access: { all_except: ["127.0.0.0/8"] } }"#) { postern in
            try await play("S: 554 5.7.1\nEND", on: postern)
        }
    }

    @Test(
        "a name on the list counts when reverse DNS has confirmed it, refusing and permitting (S16)",
        arguments: [
            // PTR, the name's address, the list, the banner.
            ("client.far.test.", "127.0.0.1", #"all_except: ["*.far.test"]"#, "554 5.7.1"),
            ("client.far.test.", "127.0.0.9", #"all_except: ["*.far.test"]"#, "220"),
            ("client.far.test.", "127.0.0.1", #"only: ["client.far.test"]"#, "220"),
            ("client.far.test.", "127.0.0.9", #"only: ["client.far.test"]"#, "554 5.7.1"),
            ("other.test.", "127.0.0.1", #"only: ["client.far.test"]"#, "554 5.7.1"),
        ])
    func accessByName(pointer: String, address: String, list: String, banner: String) async throws {
        let dns = try await DNSUnderTest(["1.0.0.127.in-addr.arpa. PTR \(pointer)", "\(pointer) A \(address)"])
        defer { dns.stop() }
        let rest = PosternUnderTest.localDomain + "\nresolver: { servers: [\"127.0.0.1:\(dns.port)\"], hosts_file: /dev/null }"
        try await withEdge("reverse_dns: { lookup: true }\nconnections: { access: { \(list) } }", rest: rest) { postern in
            try await play(banner == "220" ? "S: 220\nC: QUIT\nS: 221\nEND" : "S: \(banner)\nEND", on: postern)
        }
    }

    @Test("the configured name stands in banner, EHLO and Received, as Python's smtplib sees it (E12)")
    func name() async throws {
        try await withEdge("") { postern in
            let said = try await Program.succeed(
                "python3",
                [
                    "-c",
                    """
                    import smtplib, sys
                    s = smtplib.SMTP()
                    print(s.connect("127.0.0.1", int(sys.argv[1]))[1].decode())
                    print(s.ehlo("far.test")[1].decode().splitlines()[0])
                    s.sendmail("a@far.test", ["bob@local.test"], "Subject: name\\r\\n\\r\\nx\\r\\n")
                    s.quit()
                    """, "\(postern.port)",
                ]
            ).text.split(separator: "\n").map(String.init)
            #expect(said.count == 2 && said.allSatisfy { $0.hasPrefix("mx.postern.test") }, "\(said)")
            let header = String(decoding: try await postern.wait(for: 1, messagesFor: "bob")[0], as: UTF8.self)
            #expect(header.contains("by mx.postern.test"), "\(header)")
        }
    }

    @Test("who is silent for too long is told so, and let go (S02)")
    func inactivity() async throws {
        try await withEdge("connections: { timeout: 1s }") { postern in
            try await play("S: 220\nC: EHLO x\nS: 250\nS: 421 4.4.2\nEND", on: postern)
        }
    }

    @Test("who speaks before the banner is refused, and nothing of it is done")
    func earlyTalker() async throws {
        try await withEdge { postern in
            // Said before the edge has had its turn: it is stopped while the connection is made.
            guard let edge = try postern.processID(of: "postern-edge") else { throw PosternUnderTest.Failure(description: "no edge") }
            kill(edge, SIGSTOP)
            let spoken = postern.folder.file("spoken").path
            async let played: Void = play("C: EHLO early.test\nTOUCH \(spoken)\nS: 554 5.5.0\nEND", on: postern)
            // The kernel takes connection and octets in; on loopback they are there when the client has sent them.
            _ = try await eventually("the client has spoken") { FileManager.default.fileExists(atPath: spoken) ? true : nil }
            kill(edge, SIGCONT)
            try await played
        }
    }

    @Test("messages, sizes, sessions and recipients over their limits have each their reply (E01, E02, E03, S07)")
    func limits() async throws {
        let limits = "limits: { message_size: 2KiB, session_size: 3KiB, recipients: 2, messages_per_connection: 2 }"
        try await withEdge(limits) { postern in
            try await play(
                """
                S: 220
                C: EHLO x
                S: 250
                C: MAIL FROM:<a@x.test> SIZE=2049
                S: 552 5.3.4
                C: MAIL FROM:<a@x.test> SIZE=2048
                S: 250 2.1.0
                C: RCPT TO:<bob@local.test>\\r\\nRCPT TO:<nobody@local.test>\\r\\nRCPT TO:<bob@local.test>\\r\\nRCPT TO:<bob@local.test>
                S: 250 2.1.5
                S: 550 5.1.1
                S: 250 2.1.5
                S: 452 4.5.3
                C: DATA
                S: 354
                X: x 900
                C: 
                X: y 900
                C: 
                X: z 900
                C: \\r\\n.
                S: 552 5.3.4
                C: MAIL FROM:<a@x.test> SIZE=1000
                S: 421 4.7.0
                END
                """, on: postern)
            try await play(
                "S: 220\n\(Self.envelope)\n\(Self.data)\nS: 250 2.0.0\n\(Self.envelope)\n\(Self.data)\nS: 250 2.0.0\nC: MAIL FROM:<>\nS: 421 4.7.0\nEND",
                on: postern)
            _ = try await postern.wait(for: 2, messagesFor: "bob")
        }
    }

    @Test("a message that has passed through too many hosts is refused, also in one packet, and everything is answered in turn (E10)")
    func hops() async throws {
        try await withEdge(rest: PosternUnderTest.localDomain + "\nmaximum_hops: 3") { postern in
            let hop = "Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\\r\\n"
            for (count, reply) in [(2, "250 2.0.0"), (3, "554 5.4.6")] {
                try await play(
                    """
                    S: 220
                    \(Self.envelope)
                    C: DATA\\r\\n\(String(repeating: hop, count: count))\\r\\nhi\\r\\n.\\r\\nNOOP\\r\\nQUIT
                    S: 354
                    S: \(reply)
                    S: 250 2.0.0
                    S: 221
                    END
                    """, on: postern)
            }
        }
    }

    @Test("half a connection closed: what was said whole is answered, what was not is not queued")
    func halfClose() async throws {
        try await withEdge { postern in
            try await play("S: 220\n\(Self.envelope)\n\(Self.data)\nSHUT\nS: 250 2.0.0\nEND", on: postern)
            try await play("S: 220\n\(Self.envelope)\nC: DATA\nS: 354\nC: Subject: half\nSHUT\nEND", on: postern)
            #expect(try await postern.wait(for: 1, messagesFor: "bob").count == 1)
            #expect(try await postern.queue().isEmpty)
        }
    }

    @Test("a core that is killed between the commands of a message: each command has one reply, and the client keeps the message")
    func coreGone() async throws {
        try await withEdge { postern in
            let steps = [
                "C: RCPT TO:<bob@local.test>\nS: 451 4.3.0\nC: DATA\nS: 354\nC: x\\r\\n.\nS: 451 4.3.0",
                "C: DATA\nS: 354\nC: x\\r\\n.\nS: 451 4.3.0",
                "C: DATA\\r\\nx\\r\\n.\\r\\nNOOP\nS: 354\nS: 451 4.3.0\nS: 250 2.0.0",
            ]
            for step in steps {
                let marker = postern.folder.file("go")
                try? FileManager.default.removeItem(at: marker)  // None the first time.
                async let played: Void = play(
                    "S: 220\n\(Self.envelope)\nTOUCH \(marker.path)\nGONE \(marker.path)\n\(step)\nC: QUIT\nS: 221\nEND", on: postern)
                _ = try await eventually("the recipient is accepted") { FileManager.default.fileExists(atPath: marker.path) ? true : nil }
                guard let core = try postern.processID(of: "postern-core") else { throw PosternUnderTest.Failure(description: "no core") }
                kill(core, SIGKILL)
                _ = try await eventually("another core answers") {
                    let now = try postern.processID(of: "postern-core")
                    return now != nil && now != core ? try await postern.postern(["status"]).status == 0 ? true : nil : nil
                }
                try FileManager.default.removeItem(at: marker)
                try await played
            }
            try await play("S: 220\n\(Self.envelope)\n\(Self.data)\nS: 250 2.0.0\nC: QUIT\nS: 221", on: postern)
            #expect(try await postern.wait(for: 1, messagesFor: "bob").count == 1)
        }
    }

    @Test("a reload reaches the edge at once, also where no mail comes in")
    func reload() async throws {
        try await withEdge { postern in
            try postern.write(
                edge: #"connections: { access: { all_except: ["127.0.0.1"] } }"#, rest: PosternUnderTest.localDomain)
            #expect(try await postern.postern(["reload"]).status == 0)
            _ = try await eventually("the edge has it") {
                postern.logText.contains("\"process\":\"edge\",\"message\":\"configuration reloaded\"") ? true : nil
            }
            try await play("S: 554 5.7.1\nEND", on: postern)
        }
    }

    @Test(
        "reverse DNS: what it found stands in the header, and on_failure decides; a DNS that does not answer never rejects (S15)",
        arguments: [
            ("annotate", "1.0.0.127.in-addr.arpa. PTR client.far.test.|client.far.test. A 127.0.0.1", "220", "iprev=pass"),
            ("annotate", "1.0.0.127.in-addr.arpa. PTR client.far.test.|client.far.test. A 127.0.0.9", "220", "iprev=fail"),
            ("annotate", "", "220", "iprev=permerror"), ("defer", "", "421 4.7.25", ""),
            ("reject", "", "550 5.7.25 127.0.0.1 has no host name that leads back to it", ""),
        ])
    func reverseDNS(onFailure: String, records: String, banner: String, field: String) async throws {
        let dns = try await DNSUnderTest(records.split(separator: "|").map(String.init))
        defer { dns.stop() }
        let rest = PosternUnderTest.localDomain + "\nresolver: { servers: [\"127.0.0.1:\(dns.port)\"], hosts_file: /dev/null }"
        try await withEdge("reverse_dns: { lookup: true, on_failure: \(onFailure) }", rest: rest) { postern in
            guard banner == "220" else { return try await play("S: \(banner)\nEND", on: postern) }
            try await play("S: 220\n\(Self.envelope)\n\(Self.data)\nS: 250 2.0.0\nC: QUIT\nS: 221\nEND", on: postern)
            let message = try await postern.wait(for: 1, messagesFor: "bob")[0]
            let header = String(decoding: message, as: UTF8.self)
            #expect(header.contains(field), "\(header)")
            #expect(header.contains("Authentication-Results: mx.postern.test"), "\(header)")
        }
    }

    @Test(
        "a DNS that does not answer: annotate says temperror, defer and reject ask to come back",
        arguments: ["annotate", "defer", "reject"])
    func silentDNS(onFailure: String) async throws {
        // Nobody listens there.
        let rest = PosternUnderTest.localDomain + "\nresolver: { servers: [\"127.0.0.1:\(try FreePort.take())\"], hosts_file: /dev/null }"
        try await withEdge("reverse_dns: { lookup: true, on_failure: \(onFailure) }", rest: rest) { postern in
            guard onFailure == "annotate" else { return try await play("S: 421 4.4.3\nEND", on: postern) }
            try await play("S: 220\n\(Self.envelope)\n\(Self.data)\nS: 250 2.0.0\nC: QUIT\nS: 221\nEND", on: postern)
            let message = try await postern.wait(for: 1, messagesFor: "bob")[0]
            #expect(String(decoding: message, as: UTF8.self).contains("iprev=temperror"))
        }
    }

    @Test("as root every daemon runs as its account, in each of its threads", .enabled(if: geteuid() == 0))
    func accounts() async throws {
        let accounts = ["core": "daemon", "edge": "nobody", "delivery": "games", "mailbox": "mail"]
        let runAs = "\nrun_as: { \(accounts.map { "\($0): \($1)" }.sorted().joined(separator: ", ")) }"
        let postern = try PosternUnderTest(rest: PosternUnderTest.localDomain + runAs)
        chmod(postern.folder.path, 0o755)
        try await postern.start()
        for (role, account) in accounts {
            let expected = try #require(getpwnam(account)).pointee.pw_uid
            let process = try #require(try postern.processID(of: "postern-\(role)"))
            let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")
            for thread in threads {
                let status = try String(contentsOfFile: "/proc/\(process)/task/\(thread)/status", encoding: .utf8)
                let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Uid:") })
                #expect(line.split(whereSeparator: \.isWhitespace).dropFirst().allSatisfy { $0 == "\(expected)" }, "\(role): \(line)")
            }
        }
        await postern.stop()
    }
}
