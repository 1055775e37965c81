import Foundation

/// `fake_server.py`: SMTP and LMTP servers on addresses of this machine that refuse, defer, hang up and count as a test wants.
final class FakeServers: @unchecked Sendable {
    // Invariant: `process` is changed by the test's own task alone.
    struct Server: Encodable {
        var name: String
        /// `127.0.0.2:2525`, or the path of a Unix socket.
        var listen: String
        var lmtp = false
        /// So many messages are taken and not answered.
        var dropAfterDot = 0
        /// Seconds from the final dot to the answer.
        var hold = 0.0
        /// Offers STARTTLS, and hangs up in the handshake.
        var startTLS = false
        /// Offers STARTTLS, and does it with these files.
        var certificate: String?
        var key: String?
        /// Accepts connections and says nothing.
        var silent = false
        /// What `EHLO` announces besides `PIPELINING`.
        var offers = ["8BITMIME"]
        /// Connections at once; whoever comes besides them is sent away with 421.
        var room: Int?
        /// So many connections are sent away with 421, from the first.
        var goodbyes = 0
        /// So many `EHLO` are refused with 502, from the first.
        var helloRefusals = 0
        /// `BDAT` is unknown, whatever is offered.
        var refusesChunks = false
        /// Over TLS: a certificate of the client is demanded, as TLS 1.3 does it, after the handshake.
        var demandsCertificate = false
        /// Over TLS: every greeting is refused with 550.
        var refusesOverTLS = false

        enum CodingKeys: String, CodingKey {
            case name, listen, lmtp, hold, certificate, key, silent, offers, room, goodbyes
            case startTLS = "starttls"
            case dropAfterDot = "drop_after_dot"
            case helloRefusals = "hello_refusals"
            case refusesChunks = "refuses_chunks"
            case demandsCertificate = "demands_certificate"
            case refusesOverTLS = "refuses_over_tls"
        }
    }

    /// What a server has seen.
    struct Event: Decodable {
        let server: String
        let event: String
        /// Of `connect`: the client's address.
        let peer: String?
        /// Of `connect`: the connections that are open then, by server; `all` is all of them.
        let active: [String: Int]?
        /// Of `message`.
        let recipients: [String]?
        /// Of `message`: whether TLS protected it.
        let tls: Bool?
    }

    let folder: TemporaryFolder
    private var process: ChildProcess?

    init(_ servers: [Server]) async throws {
        folder = try TemporaryFolder()
        let json = String(decoding: try JSONEncoder().encode(servers), as: UTF8.self)
        let log = folder.file("log").path
        process = try ChildProcess(
            Program.find("python3"), [Program.script("fake_server"), folder.file("events").path, json], output: log, errors: log)
        _ = try await eventually("the servers listen") { try events().first }
    }

    func events(_ kind: String = "") throws -> [Event] {
        let file = folder.file("events")
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        // The last line may be half written.
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return try lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }.filter { kind.isEmpty || $0.event == kind }
    }

    /// The recipients of all messages that a server has been sent, one element for each message.
    func messages(at server: String) throws -> [[String]] {
        try events("message").filter { $0.server == server }.map { $0.recipients ?? [] }
    }

    func stop() {
        process?.signal(SIGKILL)
        process = nil
    }

    deinit { stop() }
}

extension Program {
    /// A script beside this file.
    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("\(name).py").path
    }
}
