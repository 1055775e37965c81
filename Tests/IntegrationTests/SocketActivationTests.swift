import Foundation
import Testing

/// Daemons with sockets that another program has made for them: `systemd-socket-activate`, which starts them at the first connection as
/// systemd would. All of them under a whole systemd: `scripts/install-test`.
@Suite("sockets of a service manager", .enabled(if: (try? Program.find("systemd-socket-activate")) != nil, "systemd is not installed"))
struct SocketActivationTests {
    /// - Parameters:
    ///   - port: where it listens.
    ///   - name: `FileDescriptorName=`.
    private func activate(_ postern: PosternUnderTest, port: Int, name: String? = nil) throws -> ChildProcess {
        let log = postern.folder.file("log").path
        return try ChildProcess(
            try Program.find("systemd-socket-activate"),
            ["--listen=127.0.0.1:\(port)"] + (name.map { ["--fdname=\($0)"] } ?? []) + [
                "\(PosternUnderTest.executables)/postern-edge", "--config", postern.configuration,
            ], output: log, errors: log)
    }

    @Test("the edge greets over a socket that it was given, with and without the virtual server's name", arguments: [nil, "internet"])
    func greets(name: String?) async throws {
        let postern = try PosternUnderTest()
        let process = try activate(postern, port: postern.port, name: name)
        let answer = try await eventually("the edge greets; its log:\n\(postern.logText)") {
            let result = try await Program.run(
                "python3",
                [
                    "-c",
                    "import socket; s = socket.create_connection(('127.0.0.1', \(postern.port)), 30); print(s.recv(512).decode())",
                ])
            return result.status == 0 ? result.text : nil
        }
        #expect(answer.hasPrefix("220 mx.postern.test"))
        kill(process.processIdentifier, SIGTERM)
        #expect(await process.ended() == 0)
    }

    @Test(
        "a socket of another address or another virtual server ends the edge with its reason",
        arguments: [
            (true, nil, "the configuration does not listen on what was handed over"),
            (false, "clients", "is meant for another than `internet`"),
        ]
            as [(Bool, String?, String)])
    func refused(isElsewhere: Bool, name: String?, reason: String) async throws {
        let postern = try PosternUnderTest()
        let port = isElsewhere ? try FreePort.take() : postern.port
        let process = try activate(postern, port: port, name: name)
        // The connection starts it.
        _ = try await eventually("it listens") { FreePort.isTaken(port) ? true : nil }
        #expect(await process.ended() == 78)
        #expect(postern.logText.contains(reason), "\(postern.logText)")
    }
}
