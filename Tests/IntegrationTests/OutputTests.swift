import Foundation
import Testing

/// What the command line prints, and what becomes of it where it cannot be printed.
@Suite("The command line's output")
struct OutputTests {
    private static let withoutSystem = [["schema"], ["--help"], ["--version"], ["help", "queue"], ["init", "--domain", "example.org"]]
    private static let withSystem = [
        ["status"], ["status", "--json"], ["metrics"], ["queue", "list"], ["user", "list"], ["user", "list", "--json"], ["alias", "list"],
        ["explain", "route", "--via", "internet", "--client", "192.0.2.1", "--from", "a@far.test", "--to", "alice@local.test"],
    ]

    /// Runs a command below a shell that redirects its standard output.
    private func run(_ arguments: [String], output: String) async throws -> Program.Result {
        try await Program.run("sh", ["-c", "exec \"$0\" \"$@\" \(output)", PosternUnderTest.postern] + arguments)
    }

    /// With a pipe as standard output that nobody reads.
    private func runWithClosedPipe(_ arguments: [String], ignoringSignal: Bool) async throws -> String {
        let program = """
            import os, subprocess, sys
            reader, writer = os.pipe()
            os.close(reader)
            done = subprocess.run(sys.argv[1:], stdout=writer, stderr=subprocess.PIPE, restore_signals=\(ignoringSignal ? "False" : "True"))
            print(done.returncode, done.stderr)
            """
        return try await Program.run("python3", ["-c", program, PosternUnderTest.postern] + arguments).text
    }

    private func fails(_ arguments: [String]) async throws {
        let full = try await run(arguments, output: "> /dev/full")
        #expect(full.status == 74, "\(arguments): \(full)")
        #expect(full.errors == "postern: cannot write standard output: No space left on device\n", "\(arguments)")
        let closed = try await run(arguments, output: ">&-")
        #expect(closed.status == 74, "\(arguments): \(closed)")
        #expect(closed.errors == "postern: cannot write standard output: Bad file descriptor\n", "\(arguments)")
        for ignoringSignal in [false, true] {
            #expect(try await runWithClosedPipe(arguments, ignoringSignal: ignoringSignal) == "-13 b''\n", "\(arguments)")
        }
    }

    @Test(
        "a command whose output cannot be written says so and ends with 74; where the reader has gone it ends by SIGPIPE, as grep and ls do"
    )
    func cannotWrite() async throws {
        for arguments in Self.withoutSystem { try await fails(arguments) }
        let postern = try PosternUnderTest()
        try await postern.start()
        try await postern.addUser("alice@local.test")
        for arguments in Self.withSystem { try await fails(arguments + ["--config", postern.configuration]) }
        // All three closed: nothing that is meant for them goes into a socket or a file.
        let silent = try await run(["metrics", "--config", postern.configuration], output: "<&- >&- 2>&-")
        #expect(silent.status == 74)
        let unknown = try await run(["no-such-command\u{1B}[31m\u{202E}"], output: "2>&1 >/dev/full")
        #expect(unknown.status == 64 && unknown.text.contains("no-such-command\\u{1b}[31m\\u{202e}"), "\(unknown)")
        await postern.stop()
    }

    @Test("mail goes on where `postern up` cannot write its banner; it logs that, and ends with 74")
    func lostBanner() async throws {
        let postern = try PosternUnderTest()
        try await postern.start(launcher: ["/bin/sh", "-c", "exec \"$0\" \"$@\" > /dev/full"])
        _ = try await eventually("it is logged") { postern.logText.contains("cannot write standard output") ? true : nil }
        #expect(try await postern.postern(["status"]).status == 0)
        let process = try #require(postern.process)
        process.signal(SIGTERM)
        #expect(await process.ended() == 74)
    }

    /// As an earlier version took them: a reverse-path and a recipient, what the client said, what the last server said.
    private static let hostileRows = """
        import pathlib, sqlite3, sys
        database = sqlite3.connect(next(pathlib.Path(sys.argv[1]).rglob("queue.sqlite")))
        hidden = "\\x9b31m\\u202etxt\\u2028line\\u2066\\u200e\\ufeff"
        database.execute("UPDATE recipients SET address = ?", ("o" + hidden + "@relay.test",))
        database.execute("UPDATE recipients SET last_error = ?", ("451 \\x1b[2J\\x7f\\nforged" + hidden,))
        database.execute("UPDATE messages SET reverse_path = ?, helo = ?", ("s" + hidden + "@source.test", "\\x1b]0;x\\x07" + hidden))
        database.commit()
        """

    @Test("what strangers said reaches the terminal, JSON and log without control characters and marks of direction, and loses no mail")
    func strangers() async throws {
        let port = try FreePort.take()
        let servers = try await FakeServers([.init(name: "odd", listen: "127.0.0.1:\(port)")])
        let postern = try PosternUnderTest(
            rest: """
                connectors:
                  partner:
                    address_spaces: [{ domain: relay.test }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(port)"] }
                    relay: true
                """)
        try await postern.start()
        let sent = try await Program.run(
            "swaks",
            ["--server", "127.0.0.1:\(postern.port)", "--from", "sender@source.test", "--to", "odd@relay.test", "--helo", "a`b$(c)"])
        #expect(sent.status == 0, "\(sent.text)")
        let row = try await eventually("the recipient is tried and waits") {
            try await postern.queue().first { $0["last_error"] is String }
        }
        let id = try #require(row["id"] as? String)
        try await look(postern, id) { _, _ in }

        await postern.stop()
        let changed = try await Program.run("python3", ["-c", Self.hostileRows, postern.folder.path])
        #expect(changed.status == 0, "\(changed.errors)")
        try await postern.start()
        try await look(postern, id) { arguments, text in
            if arguments == ["queue", "list"] {
                // The message, the recipient, its way, what the server said.
                #expect(text.split(separator: "\n").count == 5, "\(text)")
                #expect(text.contains("o\\u{9b}31m\\u{202e}txt\\u{2028}line\\u{2066}\\u{200e}\\u{feff}@relay.test"), "\(text)")
                #expect(text.contains("451\n                \\u{1b}[2J\\u{7f}\\nforged"), "\(text)")
            }
            if arguments == ["queue", "show", id] { #expect(text.contains("(HELO \\u{1b}]0;x\\u{7}\\u{9b}31m\\u{202e}txt"), "\(text)") }
            if arguments == ["queue", "list", "--json"] {
                let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                #expect(
                    object?["recipient"] as? String == "o\u{9B}31m\u{202E}txt\u{2028}line\u{2066}\u{200E}\u{FEFF}@relay.test", "\(text)")
                #expect(text.contains("\\u202e") && text.contains("\\u007f"), "\(text)")
            }
        }
        await postern.stop()
        servers.stop()
    }

    private func look(_ postern: PosternUnderTest, _ id: String, _ check: ([String], String) throws -> Void) async throws {
        for arguments in [
            ["queue", "list"], ["queue", "list", "--json"], ["queue", "show", id], ["queue", "show", id, "--json"],
            ["explain", "message", id],
            ["explain", "message", id, "--json"], ["status"], ["status", "--json"],
        ] {
            let result = try await postern.postern(arguments)
            #expect(result.status == 0, "\(arguments): \(result.errors)")
            #expect(Self.hidden(in: result.text).isEmpty, "\(arguments): \(Self.hidden(in: result.text))")
            try check(arguments, result.text)
        }
        #expect(Self.hidden(in: postern.logText).isEmpty)
    }

    private static func hidden(in text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { scalar in
            switch scalar.value {
            case 0x0A: false
            case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
            default: false
            }
        }
    }

    @Test(
        "an address with a control character above ASCII or a mark of direction is refused at MAIL and RCPT",
        arguments: ["\u{85}", "\u{9B}", "\u{200E}", "\u{202E}", "\u{2028}", "\u{2066}"])
    func addresses(character: String) async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        try await postern.addUser("alice@local.test")
        let player = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Support/dialogue.py").path
        // As Python's escapes: some of them would end a line of the script.
        let character = character.utf8.map { "\\x" + String($0, radix: 16) }.joined()
        let script = """
            S: 220
            C: EHLO c.test
            S: 250
            C: MAIL FROM:<a\(character)b@source.test> SMTPUTF8
            S: 501
            C: MAIL FROM:<"a \(character)"@source.test> SMTPUTF8
            S: 501
            C: MAIL FROM:<a@source.test> SMTPUTF8
            S: 250
            C: RCPT TO:<al\(character)ice@local.test>
            S: 501
            C: QUIT
            S: 221
            """
        let result = try await Program.run("python3", [player, "\(postern.port)"], input: Data(script.utf8))
        #expect(result.status == 0, "\(result.errors)")
        await postern.stop()
    }
}
