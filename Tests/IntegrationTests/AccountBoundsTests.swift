import Foundation
import Testing

/// Tries from within each daemon's account what it must not be able to: what files, sockets and signals it reaches.
@Suite("The bounds of each daemon's account", .enabled(if: geteuid() == 0, "only root can give the daemons accounts"))
struct AccountBoundsTests {
    /// The sockets that a role's account connects to, and its number in the hello.
    private static let sockets: [(socket: String, role: String, number: Int)] = [
        ("edge", "edge", 1), ("submission", "submission", 2), ("delivery", "delivery", 3), ("mailbox", "mailbox", 4),
        ("control", "core", 5), ("auth", "auth", 6), ("login", "submission", 7),
    ]

    /// Files and folders, who may read and write each, and what the others are told.
    private static func files(_ folder: String, message: String) -> [(action: String, path: String, readers: Set<String>)] {
        [
            ("read", "\(folder)/state/queue.sqlite", ["core"]), ("change", "\(folder)/state/queue.sqlite", ["core"]),
            ("read", "\(folder)/state/directory.sqlite", ["core"]), ("change", "\(folder)/state/directory.sqlite", ["core"]),
            ("list", "\(folder)/state", ["core"]), ("write", "\(folder)/state", ["core"]),
            ("read", message, ["mailbox"]), ("list", "\(folder)/mail/local.test/bert/new", ["mailbox"]),
            ("write", "\(folder)/mail", ["mailbox"]),
            ("read", "\(folder)/krb5.keytab", ["auth"]), ("read", "\(folder)/secrets.key", ["auth"]),
            ("read", "\(folder)/mail.key", ["submission"]),
            ("write", folder, []),
        ]
    }

    @Test("queue, directory, mailboxes, keytab, keys and sockets are each for one account, and no process reaches another's")
    func bounds() async throws {
        let postern = try await AccountsUnderTest()
        do {
            let message = try await postern.start()
            try await files(postern, message: message)
            try await sockets(postern)
            try await impostors(postern)
            try await processes(postern)
        } catch {
            await postern.stop()
            throw Program.Failed(description: "\(error)\nthe log:\n\(postern.postern.logText.suffix(6000))")
        }
        await postern.stop()
    }

    @Test(
        "auth's account, which may make files beside the sockets, takes the core's place: the edge says nothing to it, and clients come back"
    )
    func takenSocket() async throws {
        let under = try await AccountsUnderTest()
        let folder = under.postern.folder
        let (run, heard) = (folder.file("run").path, try folder.write("heard", ""))
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: false)
        for path in [run, heard] { chmod(path, 0o777) }
        let script = """
            import os, socket, sys
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(sys.argv[1])
            os.chmod(sys.argv[1], 0o666)
            listener.listen()
            while True:
                peer = listener.accept()[0]
                peer.settimeout(1)
                try:
                    open(sys.argv[2], "ab").write(peer.recv(4096))
                except TimeoutError:
                    pass
            """
        let account = try AccountsUnderTest.account(of: "auth")
        let impostor = try ChildProcess(
            try Program.find("setpriv"),
            [
                "--reuid", "\(account.user)", "--regid", "\(account.group)", "--clear-groups", "--", "/usr/bin/python3", "-c", script,
                "\(run)/edge.sock", heard,
            ])
        defer { impostor.signal(SIGKILL) }
        _ = try await eventually("it listens") { FileManager.default.fileExists(atPath: "\(run)/edge.sock") ? true : nil }
        let log = folder.file("edge.log").path
        let edge = try ChildProcess(
            "\(PosternUnderTest.executables)/postern-edge", ["--config", under.postern.configuration], output: log, errors: log)
        defer { edge.signal(SIGKILL) }
        let said = try await eventually("the edge says whose socket that is") {
            let text = try String(contentsOfFile: log, encoding: .utf8)
            return text.contains("the account \(account.user) listens there, which may not") ? text : nil
        }
        #expect(said.contains("the core cannot be reached"), "\(said)")
        let sent = try await Program.run(
            "swaks", ["--server", "127.0.0.1:\(under.postern.port)", "--from", "friend@far.test", "--to", "bert@local.test"])
        #expect(sent.text.contains("<** 451 4.3.0"), "\(sent.text)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: heard)).isEmpty)
    }

    @Test("kind: the core's account puts a symbolic link in the way of root; its target stays root's, and the core runs again")
    func linksInTheStateFolder() async throws {
        let under = try await AccountsUnderTest()
        do {
            _ = try await under.start()
            let folder = under.postern.folder
            let secret = try folder.write("secret", "root's")
            chmod(secret, 0o600)
            // What root has ever opened there, and names that no core of ours knows.
            let names = ["lock", "postern.lock", "content/lock"]
            let account = try AccountsUnderTest.account(of: "core")
            for name in names {
                _ = try await Program.run(
                    "setpriv",
                    [
                        "--reuid", "\(account.user)", "--regid", "\(account.group)", "--clear-groups", "--", "ln", "-sfn", secret,
                        folder.file("state/\(name)").path,
                    ])
            }
            let before = try under.processID(of: "core")
            kill(before, SIGKILL)
            _ = try await eventually("another core") {
                let now = try under.postern.processID(of: "postern-core")
                return now != nil && now != before ? true : nil
            }
            _ = try await eventually("it answers") { try await under.postern.postern(["status"]).status == 0 ? true : nil }
            var status = stat()
            #expect(stat(secret, &status) == 0 && status.st_uid == 0 && status.st_mode & 0o777 == 0o600)
            #expect(try String(contentsOfFile: secret, encoding: .utf8) == "root's")
        } catch {
            await under.stop()
            throw Program.Failed(description: "\(error)\nthe log:\n\(under.postern.logText.suffix(6000))")
        }
        await under.stop()
    }

    @Test("kind: a daemon of postern up has no terminal to type into")
    func noTerminal() async throws {
        let under = try await AccountsUnderTest()
        _ = try await under.start()
        let own = getsid(0)
        for role in AccountsUnderTest.roles {
            let process = try under.processID(of: role)
            #expect(getsid(process) == process && getsid(process) != own, "\(role) is in the session of the one who started it")
            for descriptor in 0...2 {
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(descriptor)")
                #expect(descriptor == 0 ? target == "/dev/null" : target.hasPrefix("pipe:"), "\(role): \(descriptor) is \(target)")
            }
        }
        await under.stop()
    }

    private func files(_ postern: AccountsUnderTest, message: String) async throws {
        let table = Self.files(postern.postern.folder.path, message: message)
        for role in AccountsUnderTest.roles {
            let said = try await postern.attempt(table.map { "\($0.action) \($0.path)" }, as: role)
            #expect(said.count == table.count)
            for (row, outcome) in zip(table, said) {
                #expect(outcome == (row.readers.contains(role) ? "ok" : "EACCES"), "\(role): \(row.action) \(row.path)")
            }
        }
    }

    private func sockets(_ postern: AccountsUnderTest) async throws {
        let run = postern.postern.folder.file("run").path
        for role in AccountsUnderTest.roles {
            let said = try await postern.attempt(Self.sockets.map { "connect \(run)/\($0.socket).sock" }, as: role)
            #expect(said.count == Self.sockets.count)
            for (row, outcome) in zip(Self.sockets, said) {
                #expect(outcome == (row.role == role ? "ok" : "EACCES"), "\(role): \(row.socket).sock")
            }
            let made = try await postern.attempt(["write \(run)"], as: role)
            // A socket of its own in another's place would be as good as the other's.
            #expect(made == ["EACCES"] || role == "core" || role == "auth", "\(role) makes files beside the sockets: \(made)")
        }
    }

    /// Each account says on its own socket that it is of each other role.
    private func impostors(_ postern: AccountsUnderTest) async throws {
        for own in Self.sockets where own.socket != "control" {
            let path = postern.postern.folder.file("run/\(own.socket).sock").path
            let others = Self.sockets.filter { $0.number != own.number }
            let said = try await postern.attempt(others.map { "hello \(path) \($0.number) r" }, as: own.role)
            #expect(said.count == others.count)
            for (other, answer) in zip(others, said) {
                #expect(answer.contains("this socket is for the role"), "\(own.role) as \(other.role): \(answer)")
            }
        }
    }

    private func processes(_ postern: AccountsUnderTest) async throws {
        for role in AccountsUnderTest.roles {
            let others = try AccountsUnderTest.roles.filter { $0 != role }.map { try postern.processID(of: $0) }
            let said = try await postern.attempt(others.flatMap { ["signal \($0)", "trace \($0)", "memory \($0)"] }, as: role)
            #expect(said == others.flatMap { _ in ["EPERM", "EPERM", "EACCES"] }, "\(role): \(said)")
            // Even its own: who takes over a helper program of the account does not have the daemon.
            let own = try postern.processID(of: role)
            #expect(try await postern.attempt(["memory \(own)"], as: role) == ["EACCES"], "\(role)")
            #expect(try await postern.attempt(["become 0"], as: role) == ["EPERM"], "\(role)")
        }
    }
}
