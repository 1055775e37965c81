import Foundation
import Testing

/// What a reload does of listeners, and says of what it does not do.
@Suite("Kind: what a reload does not do is said by the reload (real processes)", .timeLimit(.minutes(3)))
struct ReloadedListenersTests {
    private func servers(_ ports: Int...) -> String {
        ports.enumerated().map { #"more\#($0): { role: edge, listen: ["127.0.0.1:\#($1)"] }"# }.joined(separator: "\n")
    }

    @Test("a new virtual server is listened on at once, and no more when it is gone")
    func newServer() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        let port = try FreePort.take()
        try postern.write(edge: "", servers: servers(port), rest: PosternUnderTest.localDomain)
        let added = try await postern.postern(["reload"])
        #expect(added.status == 0 && added.errors.isEmpty, "\(added)\n\(postern.logText)")
        #expect(FreePort.isTaken(port))
        try postern.write(edge: "", rest: PosternUnderTest.localDomain)
        #expect(try await postern.postern(["reload"]).status == 0)
        #expect(!FreePort.isTaken(port))
        await postern.stop()
    }

    @Test("a port that is taken: 75 and a sentence, also in `status`, until it is free")
    func takenPort() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        let (port, other) = (try FreePort.take(), try FreePort.take())
        let holder = try ChildProcess(
            Program.find("python3"), ["-c", "import socket, time; s = socket.create_server(('127.0.0.1', \(port))); time.sleep(60)"])
        defer { holder.signal(SIGKILL) }
        _ = try await eventually("the port is taken") { FreePort.isTaken(port) ? true : nil }
        try postern.write(edge: "", servers: servers(port, other), rest: PosternUnderTest.localDomain)
        let reloaded = try await postern.postern(["reload"])
        #expect(reloaded.status == 75 && reloaded.text.hasPrefix("reloaded, revision "), "\(reloaded)")
        #expect(reloaded.errors.contains("not done: postern-edge does not listen on 127.0.0.1:\(port)"), "\(reloaded.errors)")
        #expect(reloaded.errors.split(separator: "\n").count == 1, "\(reloaded.errors)")
        #expect(FreePort.isTaken(other), "one of several stops nothing")
        #expect(try await postern.postern(["status"]).text.contains("not done        postern-edge does not listen on 127.0.0.1:\(port)"))
        holder.signal(SIGKILL)
        _ = try await eventually("it listens there when the port is free") {
            try await postern.postern(["status"]).text.contains("not done") ? nil : true
        }
        #expect(FreePort.isTaken(port))
        await postern.stop()
    }

    @Test("a daemon that is missing is said, by --dry-run as well; another resolver needs no restart")
    func missingDaemon() async throws {
        let postern = try PosternUnderTest()
        try await postern.start()
        let submission = """
            clients:
              role: submission
              listen: ["127.0.0.1:\(try FreePort.take())"]
              tls: { mode: none }
              authentication: { basic: { mechanisms: [PLAIN], require_tls: false } }
            """
        let dns = "\nresolver: { servers: [127.0.0.9] }"
        try postern.write(edge: "", servers: submission, rest: PosternUnderTest.localDomain + dns)
        let before = try await postern.postern(["reload", "--dry-run"])
        #expect(before.status == 75, "\(before)")
        let reloaded = try await postern.postern(["reload"])
        #expect(reloaded.status == 75, "\(reloaded)")
        for result in [before, reloaded] {
            #expect(result.errors.contains("postern-submission is not connected to the core"), "\(result.errors)")
            // Taken up at once.
            #expect(!result.errors.contains("resolver"), "\(result.errors)")
        }
        #expect(try await postern.postern(["status"]).text.contains("not done        postern-submission is not connected to the core"))
        #expect(postern.logText.contains("not done by the reload"))
        await postern.stop()
    }
}
