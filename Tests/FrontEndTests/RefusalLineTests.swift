import CoreLink
import Logging
import MailVocabulary
import NIOCore
import NIOEmbedded
import NIOPosix
import NameResolution
import Synchronization
import Testing
import Topology

@testable import FrontEnd
@testable import SMTPServer

/// A session over a channel in memory, with a core that answers by rule, and the log of its front end.
@Suite("Kind: every refusal of a front end is a line of the log that names itself", .timeLimit(.minutes(1)))
struct RefusalLineTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        /// Lines without their ends; `.` ends content.
        let script: [String]
        /// As the reply begins.
        let reply: String
        var from: String?
        var to: String?
        var hasCode = false
        var testDescription: String { name }

        init(_ name: String, _ script: [String], _ reply: String, from: String? = nil, to: String? = nil, hasCode: Bool = false) {
            (self.name, self.script, self.reply, self.from, self.to, self.hasCode) = (name, script, reply, from, to, hasCode)
        }
    }

    private static let hello = ["EHLO c.test"]
    private static let mail = hello + ["MAIL FROM:<a@x.test>"]
    private static let envelope = mail + ["RCPT TO:<u@y.test>", "RCPT TO:<v@y.test>"]
    private static let both = "u@y.test, v@y.test"

    static let rows = [
        Row("unknown command", ["XYZZY"], "500 5.5.1"), Row("syntax", hello + ["MAIL FROM:a"], "501 5.1.7"),
        Row("not offered", ["ETRN x"], "502 5.5.1"), Row("no greeting", ["MAIL FROM:<a@x.test>"], "503 5.5.1", from: "<a@x.test>"),
        Row("nested", mail + ["MAIL FROM:<b@x.test>"], "503 5.5.1", from: "<b@x.test>"),
        Row("no MAIL", hello + ["RCPT TO:<u@y.test>"], "503 5.5.1"),
        Row("no RCPT", mail + ["DATA"], "503 5.5.1", from: "<a@x.test>"),
        Row("declared size", hello + ["MAIL FROM:<a@x.test> SIZE=5000"], "552 5.3.4", from: "<a@x.test>", hasCode: true),
        Row("bad recipient", mail + ["RCPT TO:bad"], "501 5.1.3", from: "<a@x.test>"),
        Row("too many recipients", envelope + ["RCPT TO:<w@y.test>"], "452 4.5.3", from: "<a@x.test>", to: "w@y.test"),
        Row("no recipient", mail + ["RCPT TO:<no@y.test>", "DATA"], "554 5.5.1", from: "<a@x.test>"),
        Row("content behind it", mail + ["DATA", "Subject: x"], "554 5.5.0", from: "<a@x.test>"),
        Row("bare line end", envelope + ["DATA", "x\ny", "."], "550 5.6.11", from: "<a@x.test>", to: both),
        Row(
            "long line", envelope + ["DATA", String(repeating: "x", count: 1001), "."], "554 5.6.0", from: "<a@x.test>", to: both,
            hasCode: true),
        Row(
            "large", envelope + ["DATA"] + Array(repeating: String(repeating: "x", count: 900), count: 5) + ["."], "552 5.3.4",
            from: "<a@x.test>", to: both, hasCode: true),
        Row(
            "large chunk", envelope + ["BDAT 4999 LAST", String(repeating: "x", count: 4997)], "552 5.3.4", from: "<a@x.test>", to: both,
            hasCode: true),
        Row("bare line end in a chunk", envelope + ["BDAT 4 LAST", "x\n"], "550 5.6.11", from: "<a@x.test>", to: both),
        Row("unreadable chunk", envelope + ["BDAT x"], "501 5.5.4", from: "<a@x.test>", to: both),
        Row(
            "loop", envelope + ["DATA"] + Array(repeating: "Received: x", count: 3) + ["", "."], "554 5.4.6", from: "<a@x.test>", to: both,
            hasCode: true),
        Row("too many messages", envelope + ["DATA", ".", "MAIL FROM:<b@x.test>"], "421 4.7.0", from: "<b@x.test>"),
        Row("the core is away", mail + ["RCPT TO:<gone@y.test>"], "451 4.3.0", from: "<a@x.test>", to: "gone@y.test"),
        Row("the core goes", envelope + ["DATA", "gone", "."], "451 4.3.0", from: "<a@x.test>", to: both),
        Row("long command", ["NOOP " + String(repeating: "x", count: 600)], "500 5.5.2"), Row("bare LF", ["NOOP\nNOOP"], "500 5.5.2"),
        Row("HTTP", ["GET / HTTP/1.1"], "554 5.5.1"), Row("too many errors", Array(repeating: "DATA x", count: 21), "421 4.7.0"),
        Row("too many unknown commands", Array(repeating: "XYZZY", count: 11), "421 4.7.0"),
        Row("TLS is not offered", ["STARTTLS"], "502 5.5.1"), Row("login is not offered", hello + ["AUTH PLAIN"], "502 5.5.1"),
    ]

    @Test("its line has the reply as sent, client, virtual server, and sender, recipients and code where there are any", arguments: rows)
    func everyRefusal(_ row: Row) async throws {
        let session = try Session()
        for line in row.script { try session.say(line) }
        let refusals = session.log.lines.filter { $0.message == "refused" }
        let line = try #require(refusals.last, "\(session.said)")
        let reply = try #require(line["reply"])
        #expect(reply.hasPrefix(row.reply) && session.said.contains("\(reply)\r\n"), "\(line)\n\(session.said)")
        #expect(line["client"] == "192.0.2.7" && line["virtual_server"] == "internet")
        #expect(line["from"] == row.from && line["to"] == row.to, "\(line)")
        let code = reply.firstMatch(of: #/\[(R-[0-9a-z]{5}-[0-9a-z]{2})\]$/#).map { String($0.1) }
        #expect(line["code"] == code && (code != nil) == row.hasCode, "\(line)")
        // No refusal has two lines, and none hides behind another's words.
        let heard = session.said.split(separator: "\r\n").count { $0.hasPrefix("4") || $0.hasPrefix("5") }
        #expect(refusals.count == heard - session.refusalsByTheCore, "\(refusals)\n\(session.said)")
        #expect(!session.log.lines.contains { $0.message == "message not taken" }, "\(session.log.lines)")
        try await session.end()
    }

    @Test("a client that gives a message up is no refusal: the line names its envelope, and says so", arguments: ["RSET", nil])
    func givenUp(_ word: String?) async throws {
        let session = try Session()
        for line in Self.envelope + ["BDAT 3", "x"] { try session.say(line) }
        if let word { try session.say(word) }
        try await session.end()
        let line = try #require(session.log.lines.first { $0.message == "message not taken" })
        #expect(line["reason"] == (word == nil ? "the connection ended" : "the client gave it up"))
        #expect(line["from"] == "<a@x.test>" && line["to"] == Self.both && line["queue_id"]?.isEmpty == false, "\(line)")
    }

    @Test("a line names ten recipients, and the number of the others")
    func bounded() async throws {
        let session = try Session(recipients: 100)
        for line in Self.mail + (0..<13).map({ "RCPT TO:<u\($0)@y.test>" }) + ["DATA", "x\ny", "."] { try session.say(line) }
        let to = try #require(session.log.lines.last { $0.message == "refused" }?["to"])
        #expect(to.hasPrefix("u0@y.test, u1@y.test, ") && to.hasSuffix(", u9@y.test and 3 more"), "\(to)")
        try await session.end()
    }
}

/// Answers `no…` with 550, and is away for `gone…` and at the first content with that word.
private final class ModelCore: SubmitPool, SubmitConnection {
    let eventLoop: any EventLoop
    let revision = "1"
    let coreRevision = "1"
    let isWritable = true
    private(set) var refusals = 0
    private var message: (SubmitResponse) -> Void = { _ in }
    private var closed: () -> Void = {}

    init(on loop: any EventLoop) { eventLoop = loop }

    func acquireConnection(_ completion: @escaping (Result<any SubmitConnection, LinkError>) -> Void) { completion(.success(self)) }
    func forget(_ token: SessionToken) {}
    func authorize(_ token: SessionToken) {}
    func flush() {}
    func release() {}
    func discard() {}
    func listen(message: @escaping (SubmitResponse) -> Void, closed: @escaping () -> Void, writable: @escaping () -> Void) {
        (self.message, self.closed) = (message, closed)
    }

    func send(_ request: SubmitRequest) {
        switch request {
        case .begin: message(.began(QueueID(value: 1)))
        case .recipient(let recipient) where recipient.address.localPart.hasPrefix("gone"): closed()
        case .recipient(let recipient) where recipient.address.localPart.hasPrefix("no"):
            refusals += 1
            message(.recipient(Reply(550, "5.1.1", "Recipient unknown")))
        case .recipient: message(.recipient(Reply(250, "2.1.5", "OK")))
        case .content(let bytes): if String(buffer: bytes).hasPrefix("gone") { closed() }
        case .commit: message(.committed(Reply(250, "2.0.0", "queued")))
        case .abort, .refused, .report: break
        }
    }
}

private final class Session {
    let log = LogRecord()
    private let channel = EmbeddedChannel()
    private let core: ModelCore
    private let resolver: DNSResolver
    private(set) var said = ""

    var refusalsByTheCore: Int { core.refusals }

    init(recipients: Int = 2) throws {
        let server = VirtualServer(
            name: "internet", listeners: [],
            limits: SessionLimits(
                messageSize: ByteCount(4000), sessionSize: nil, recipients: recipients, messagesPerConnection: 1, lineLength: 1000))
        let topology = Topology(
            hostname: try #require(DomainName(parsing: "mx.one.test")), runtimeDirectory: "/nowhere", virtualServers: [server],
            maximumHops: 3)
        core = ModelCore(on: channel.eventLoop)
        resolver = try DNSResolver(settings: ResolverSettings())
        let side = VirtualServerConnections.CoreSide(
            pool: core, notes: RefusalNotes(pool: core),
            openTransactions: OpenTransactions(in: OpenTransactions.pool(capacity: 1, budgets: BudgetSettings()), on: channel.eventLoop),
            logins: nil,
            lookups: ReverseLookups(
                resolver, in: CrossLoopPool(capacity: 1, budgets: BudgetSettings(), protection: .seconds(1)), on: channel.eventLoop))
        let context = SMTPServerContext(
            server, startsWithTLS: false, topology: topology, transport: nil, side: side, log: log.logger)
        let client = ClientFacts(address: try #require(IPAddress(parsing: "192.0.2.7")), reverseLookup: .notAsked)
        let handler = SMTPServerHandler(context: context, client: client)
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.7", port: 25), promise: nil)
        handler.greet()
        try listen()
    }

    func say(_ line: String) throws {
        try channel.writeInbound(ByteBuffer(string: line + "\r\n"))
        try listen()
    }

    private func listen() throws {
        channel.embeddedEventLoop.run()
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { said += String(buffer: bytes) }
    }

    func end() async throws {
        _ = try channel.finish(acceptAlreadyClosed: true)
        try await resolver.shutDown(on: MultiThreadedEventLoopGroup.singleton.next()).get()
    }
}

private final class LogRecord: Sendable {
    struct Line: Sendable {
        let message: String
        let metadata: [String: String]
        subscript(key: String) -> String? { metadata[key] }
    }

    private let recorded = Mutex<[Line]>([])
    var lines: [Line] { recorded.withLock { $0 } }
    var logger: Logger { Logger(label: "test", factory: { [self] _ in Handler(record: self) }) }

    private struct Handler: LogHandler {
        let record: LogRecord
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let line = Line(message: "\(event.message)", metadata: (event.metadata ?? [:]).mapValues { "\($0)" })
            record.recorded.withLock { $0.append(line) }
        }
    }
}
