import Foundation
import Testing

/// One source of truth: while a system runs, what its core has accepted is the configuration, whatever stands in the file meanwhile.
@Suite("The configuration that runs", .timeLimit(.minutes(4)))
struct RunningConfigurationTests {
    private static let daemons = ["postern-edge", "postern-delivery", "postern-mailbox", "postern-core"]

    private func revision(_ postern: PosternUnderTest) async throws -> String? {
        // By a copy of the file: the command line finds the core by it.
        let answer = try await Program.run(
            PosternUnderTest.postern, ["status", "--json", "--config", postern.folder.file("copy.yaml").path]
        ).text
        return (try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])?["revision"] as? String
    }

    private func send(_ postern: PosternUnderTest, _ subject: String) async throws -> Program.Result {
        let script = """
            import smtplib, sys
            server = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), 'client.test', timeout=30)
            server.sendmail('sender@source.test', ['user@local.test'], 'Subject: ' + sys.argv[2] + '\\r\\n\\r\\nbody\\r\\n')
            server.quit()
            """
        return try await Program.run("python3", ["-c", script, String(postern.port), subject])
    }

    private func edited(_ postern: PosternUnderTest, _ change: (String) -> String) throws {
        let file = URL(fileURLWithPath: postern.configuration)
        try change(String(contentsOf: file, encoding: .utf8)).write(to: file, atomically: false, encoding: .utf8)
    }

    /// Kills each daemon, one after the other, and sends a message through those that were started again.
    private func killEach(_ postern: PosternUnderTest, _ what: String) async throws {
        for daemon in Self.daemons {
            let old = try #require(try postern.processID(of: daemon))
            #expect(kill(old, SIGKILL) == 0)
            let new = try await eventually("\(daemon) runs again") {
                guard let id = try postern.processID(of: daemon), id != old else { return Int32?.none }
                return id
            }
            _ = try await eventually("mail is taken after \(daemon) was killed, \(what); the log:\n\(postern.logText.suffix(3000))") {
                try await send(postern, "\(what) \(daemon)").status == 0 ? true : nil
            }
            #expect(try postern.processID(of: daemon) == new, "\(daemon) stayed")
        }
    }

    @Test(
        "two sources of truth: after an edit without reload, and after half an edit, every daemon that dies comes back with what runs",
        arguments: geteuid() == 0 ? [[], ["--sandbox"]] : [[]])
    func supervised(options: [String]) async throws {
        let postern = try PosternUnderTest()
        try await postern.start(options: options)
        try await postern.addUser("user@local.test")
        try FileManager.default.copyItem(atPath: postern.configuration, toPath: postern.folder.file("copy.yaml").path)
        let first = try #require(try await revision(postern))

        try edited(postern) { $0.replacing("hostname: mx.postern.test", with: "hostname: other.postern.test") }
        try await killEach(postern, "edited")
        #expect(try await revision(postern) == first)
        _ = try await eventually("it is said") { postern.logText.contains("goes on with the configuration that runs") ? true : nil }

        let whole = try String(contentsOfFile: postern.configuration, encoding: .utf8)
        try edited(postern) { String($0.prefix($0.count / 2)) + "\n  : [" }
        try await killEach(postern, "half edited")
        #expect(try await revision(postern) == first)
        let refused = try await postern.postern(["reload"])
        #expect(refused.status == 78, "\(refused)")

        try whole.write(toFile: postern.configuration, atomically: false, encoding: .utf8)
        #expect(try await postern.postern(["reload"]).status == 0)
        let second = try #require(try await revision(postern))
        #expect(second != first)
        // What was accepted by a reload is what later ends of daemons are followed by.
        try edited(postern) { $0.replacing("hostname: other.postern.test", with: "hostname: third.postern.test") }
        try await killEach(postern, "reloaded")
        #expect(try await revision(postern) == second)
        let messages = try await postern.wait(for: 3 * Self.daemons.count, messagesFor: "user")
        #expect(messages.count >= 3 * Self.daemons.count)
        await postern.stop()

        // Whoever starts a system anew has the file.
        try await postern.start()
        #expect(try await revision(postern) != second)
        await postern.stop()
    }

    @Test("two sources of truth: the same without a supervisor that hands it down, from the core and from what a core left")
    func unsupervised() async throws {
        // As root a daemon believes the file alone.
        let postern = try PosternUnderTest()
        var launcher: [String] = []
        if getuid() == 0 {
            let account = try AccountsUnderTest.account(of: "edge")
            for path in [postern.folder.path, postern.configuration] { #expect(chown(path, account.user, account.group) == 0) }
            launcher = [try Program.find("setpriv"), "--reuid=\(account.user)", "--regid=\(account.group)", "--clear-groups"]
        }
        var processes: [String: ChildProcess] = [:]
        func start(_ daemon: String) throws {
            let log = postern.folder.file("\(daemon).log").path
            let words = launcher + ["\(PosternUnderTest.executables)/\(daemon)", "--config", postern.configuration]
            processes[daemon] = try ChildProcess(words[0], Array(words.dropFirst()), output: log, errors: log)
        }
        func log(_ daemon: String) -> String {
            (try? String(contentsOf: postern.folder.file("\(daemon).log"), encoding: .utf8)) ?? ""
        }
        defer { for process in processes.values { process.signal(SIGKILL) } }
        for daemon in Self.daemons.reversed() { try start(daemon) }
        _ = try await eventually("the core answers; its log:\n\(log("postern-core"))") {
            try await postern.postern(["status", "--json"]).status == 0 ? true : nil
        }
        try await postern.addUser("user@local.test")
        try FileManager.default.copyItem(atPath: postern.configuration, toPath: postern.folder.file("copy.yaml").path)
        let first = try #require(try await revision(postern))
        func killEach(_ what: String) async throws {
            for daemon in Self.daemons {
                processes[daemon]?.signal(SIGKILL)
                _ = await processes[daemon]?.ended()
                try start(daemon)
                _ = try await eventually("mail is taken after \(daemon) was killed, \(what); its log:\n\(log(daemon).suffix(3000))") {
                    try await send(postern, "\(what) \(daemon)").status == 0 ? true : nil
                }
                #expect(log(daemon).contains("goes on with the configuration that runs"), "\(daemon): \(log(daemon))")
            }
        }
        try edited(postern) { $0.replacing("hostname: mx.postern.test", with: "hostname: other.postern.test") }
        try await killEach("edited")
        #expect(try await revision(postern) == first)

        let whole = try String(contentsOfFile: postern.configuration, encoding: .utf8)
        // Half an edit that leaves where the system is; the rest of the file is no configuration.
        try edited(postern) { $0.replacing("listen:", with: "lisen:") }
        try await killEach("half edited")
        #expect(try await revision(postern) == first)

        // An orderly end of the core: the next one has the file.
        try whole.write(toFile: postern.configuration, atomically: false, encoding: .utf8)
        processes["postern-core"]?.signal(SIGTERM)
        _ = await processes["postern-core"]?.ended()
        try start("postern-core")
        _ = try await eventually("the core runs with the file's") {
            let now = try? await revision(postern)
            return now != nil && now != first ? true : nil
        }
        _ = try await eventually("the others take it from the core; the edge's log:\n\(log("postern-edge").suffix(2000))") {
            try await send(postern, "last").status == 0 ? true : nil
        }
    }
}
