import Foundation
import Testing

/// What is to be had is used up: disk, descriptors. The sender is told to come back, nothing is lost, and service recovers by itself.
@Suite("Shortages")
struct ShortageTests {
    /// Sends until it is refused, and prints how many were acknowledged and what the refusal was.
    private static let filler = """
        import smtplib, sys
        port, most = int(sys.argv[1]), int(sys.argv[2])
        body = 'Subject: filler\\r\\n\\r\\n' + ('x' * 70 + '\\r\\n') * 700
        server = smtplib.SMTP('127.0.0.1', port, 'filler.test', timeout=60)
        acknowledged = 0
        try:
            while acknowledged < most:
                server.sendmail('sender@source.test', ['user@relay.test'], body)
                acknowledged += 1
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients['user@relay.test']
            print(acknowledged, code, text.decode())
        except smtplib.SMTPResponseException as error:
            print(acknowledged, error.smtp_code, error.smtp_error.decode())
        """

    @Test(
        "a full disk: 452 4.3.1, the queue stays whole, what was acknowledged is delivered, and mail is taken again",
        .enabled(if: getuid() == 0, "only root can mount a small disk"), .timeLimit(.minutes(5)))
    func fullDisk() async throws {
        let sink = try SinkUnderTest()
        let postern = try PosternUnderTest(
            edge: "limits: { session_size: none, messages_per_connection: none }",
            rest: """
                connectors:
                  partner:
                    address_spaces: [{ domain: relay.test }]
                    deliver: { smart_hosts: ["[127.0.0.1]:\(sink.port)"] }
                    relay: true
                outbound: { default: { retry: { first: 1s, second: 1s, third: 1s, subsequent: 1s } } }
                """)
        let disk = postern.folder.file("state").path
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        #expect(try await Program.run("mount", ["-t", "tmpfs", "-o", "size=48m,mode=700", "tmpfs", disk]).status == 0)
        do {
            try await fill(postern, sink)
        } catch {
            await postern.stop()
            try await Program.run("umount", ["-l", disk])
            throw error
        }
        await postern.stop()
        #expect(try await Program.run("umount", [disk]).status == 0)
    }

    private func fill(_ postern: PosternUnderTest, _ sink: SinkUnderTest) async throws {
        try await postern.start()
        let script = try postern.folder.write("filler.py", Self.filler)
        let result = try await Program.run("python3", [script, String(postern.port), "5000"])
        let words = result.text.split(separator: " ", maxSplits: 2)
        let acknowledged = try #require(words.first.flatMap { Int($0) }, "the disk did not fill: \(result.text)\(result.errors)")
        #expect(words.dropFirst().first == "452")
        #expect(words.last?.hasPrefix("4.3.1 ") == true, "\(result.text)")
        #expect(acknowledged > 100)

        try await sink.start()
        _ = try await eventually(within: 120, "the sink has \(acknowledged) messages; the log:\n\(postern.logText.suffix(3000))") {
            try sink.count() >= acknowledged ? true : nil
        }
        _ = try await eventually(within: 60, "the queue is empty") { try await postern.queue().isEmpty ? true : nil }
        #expect(try sink.count() == acknowledged)
        // What was deleted is room again.
        _ = try await eventually(within: 60, "mail is taken again") {
            try await Program.run("python3", [script, String(postern.port), "1"]).text.isEmpty ? true : nil
        }
    }

    @Test("an edge without descriptors says so, waits without spinning, and serves those who waited", .timeLimit(.minutes(2)))
    func noDescriptors() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        let edge = try #require(try postern.processID(of: "postern-edge"))
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(edge)/fd").count
        let limit = "--nofile=\(open + 10):\(open + 10)"
        #expect(try await Program.run("prlimit", ["--pid", String(edge), limit]).status == 0)
        let script = try postern.folder.write(
            "crowd.py",
            """
            import socket, sys
            connections = [socket.create_connection(('127.0.0.1', int(sys.argv[1])), 20) for _ in range(40)]
            print('connected', flush=True)
            sys.stdin.read(1)
            for connection in connections[:35]: connection.close()
            print(connections[39].recv(100).decode())
            """)
        let gate = postern.folder.file("gate").path
        #expect(mkfifo(gate, 0o600) == 0)
        // Both ends, so that neither side waits for the other to open it.
        let held = openBothEnds(gate)
        defer { close(held) }
        let output = postern.folder.file("crowd").path
        let crowd = try ChildProcess(Program.find("python3"), [script, String(postern.port)], input: gate, output: output)
        _ = try await eventually("it is logged") { postern.logText.contains("no connection can be accepted now") ? true : nil }
        let before = try processorTicks(of: edge)
        try await ContinuousClock().sleep(for: .seconds(2))
        #expect(try processorTicks(of: edge) - before < 60, "hundredths of a second of computing in two seconds of waiting")
        write(held, "x", 1)
        #expect(await crowd.ended() == 0)
        #expect(try String(contentsOfFile: output, encoding: .utf8).contains("220 mx.postern.test ESMTP"))
        await postern.stop()
    }

    private func openBothEnds(_ path: String) -> Int32 { open(path, O_RDWR) }

    /// User and system time in hundredths of a second.
    private func processorTicks(of process: Int32) throws -> Int {
        let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        let fields = stat[stat.index(after: stat.lastIndex(of: ")")!)...].split(separator: " ")
        return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }
}
