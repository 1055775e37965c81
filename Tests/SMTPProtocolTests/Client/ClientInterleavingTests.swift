import MailVocabulary
import NIOCore
import Testing

@testable import SMTPProtocol

/// A server that answers as early as the protocol allows it, and a client whose own side answers late: in whatever order the two come to
/// the session, the outcome is the same.
@Suite("Client session: local events and replies in any order")
struct ClientInterleavingTests {
    /// What the server does beyond taking everything.
    enum Ending: CaseIterable {
        case taken, refused, deferred, unknownCommand, closes
    }

    struct Case: CustomTestStringConvertible {
        let extensions: [String]
        let dialect: ClientSettings.Dialect
        let ending: Ending
        let size: Int

        var testDescription: String { "\(dialect) \(extensions) \(ending) \(size) octets" }

        static var all: [Case] {
            var all: [Case] = []
            for dialect in [ClientSettings.Dialect.smtp, .lmtp] {
                for extensions in [[], ["PIPELINING"], ["CHUNKING"], ["CHUNKING", "PIPELINING"]] {
                    for ending in Ending.allCases {
                        for size in [0, 1, 10, 40] {
                            all.append(Case(extensions: extensions, dialect: dialect, ending: ending, size: size))
                        }
                    }
                }
            }
            return all
        }
    }

    /// The server's side, octet by octet: it knows only what it was sent.
    private struct Server {
        let scenario: Case
        var input: [UInt8] = []
        var recipients = 0
        /// Octets of a chunk that are still to come.
        var chunk: Int?
        var isInData = false
        var output: [String] = []
        var isClosed = false

        init(_ scenario: Case) {
            self.scenario = scenario
            output = ["220 mx"]
        }

        mutating func take(_ bytes: ByteBuffer) {
            input += Array(bytes.readableBytesView)
            while !isClosed, step() {}
        }

        private mutating func step() -> Bool {
            if let expected = chunk {
                guard input.count >= expected else { return false }
                input.removeFirst(expected)
                chunk = nil
                end()
                return true
            }
            guard let feed = input.firstIndex(of: UInt8(ascii: "\n")) else { return false }
            let line = String(decoding: input[..<feed], as: UTF8.self).trimmingSuffix("\r")
            input.removeFirst(feed + 1)
            if isInData {
                guard line == "." else { return true }
                isInData = false
                end()
                return true
            }
            let words = line.split(separator: " ")
            switch words.first {
            case "EHLO", "LHLO":
                output.append((["250-mx"] + scenario.extensions.map { "250-\($0)" } + ["250 HELP"]).joined(separator: "\r\n"))
            case "RCPT":
                recipients += 1
                output.append("250 ok")
            case "DATA":
                isInData = true
                output.append("354 go on")
            case "BDAT":
                if scenario.ending == .unknownCommand {
                    output.append("500 what?")
                    isClosed = true
                } else {
                    chunk = Int(words[1])
                }
            case "QUIT": isClosed = true
            default: output.append("250 ok")
            }
            return true
        }

        private mutating func end() {
            let reply: String
            switch scenario.ending {
            case .taken, .unknownCommand: reply = "250 taken"
            case .refused: reply = "554 spam"
            case .deferred: reply = "451 later"
            case .closes:
                isClosed = true
                return
            }
            output += Array(repeating: reply, count: scenario.dialect == .lmtp ? recipients : 1)
            recipients = 0
        }
    }

    /// Plays one order of events.
    ///
    /// - Parameter generator: decides whether the server's reply or the client's own event comes next, and how content is cut.
    private func play(_ scenario: Case, _ generator: inout ClientTestGenerator) -> DeliveryResult? {
        var session = SMTPClientSession(
            settings: ClientSettings(ourName: .name(DomainName(parsing: "us.example")!), dialect: scenario.dialect))
        var server = Server(scenario)
        let content = String(repeating: "x", count: max(0, scenario.size - 2)) + "\r\n".suffix(min(2, scenario.size))
        let message = ClientDialogue.message(to: ["a@x.example", "b@x.example"], content).message
        var local: [SMTPClientSession.Event] = []
        var result: DeliveryResult?
        var isOpen = true
        func perform(_ actions: [SMTPClientSession.Action]) {
            for action in actions {
                switch action {
                case .write(let bytes): server.take(bytes)
                case .ready: local.append(.begin(message))
                case .sendContent:
                    var rest = ByteBuffer(string: content)
                    while rest.readableBytes > 0 {
                        let piece = rest.readSlice(length: .random(in: 1...rest.readableBytes, using: &generator))
                        if let piece { local.append(.content(piece)) }
                    }
                    local.append(.contentEnded)
                case .finished(let value):
                    #expect(result == nil, "one result")
                    result = value
                case .failed(let failure): Issue.record("\(failure)")
                case .close: isOpen = false
                default: break
                }
            }
        }
        while isOpen {
            if !server.output.isEmpty, local.isEmpty || Bool.random(using: &generator) {
                perform(session.receive(.received(ByteBuffer(string: server.output.removeFirst() + "\r\n"))))
            } else if !local.isEmpty {
                perform(session.receive(local.removeFirst()))
            } else if server.isClosed {
                perform(session.receive(.closed))
            } else {
                break
            }
        }
        return result
    }

    @Test("replies that overtake local events: every legal order gives the same outcome", arguments: Case.all)
    func orders(_ scenario: Case) throws {
        var first: DeliveryResult?
        for seed in UInt64(0)..<60 {
            var generator = ClientTestGenerator(state: seed)
            let result = try #require(play(scenario, &generator), "seed \(seed): no result")
            if first == nil { first = result }
            #expect(result.outcomes == first?.outcomes, "seed \(seed)")
            // Where a server refuses in the middle the connection is lost at one point or another.
            if scenario.ending != .unknownCommand { #expect(result.connection == first?.connection, "seed \(seed)") }
            let isDelivered = result.outcomes.allSatisfy { $0.isDelivered }
            if scenario.ending == .taken { #expect(isDelivered, "seed \(seed)") }
        }
    }

    @Test("421 while it is our turn to log in is the server's goodbye, whichever comes first")
    func goodbyeDuringLogin() {
        let settings = ClientSettings(
            ourName: .name(DomainName(parsing: "us.example")!), authentication: .required(allowedInClear: true))
        for answersFirst in [false, true] {
            var session = SMTPClientSession(settings: settings)
            _ = session.receive(.received(ByteBuffer(string: "220 mx\r\n")))
            _ = session.receive(.received(ByteBuffer(string: "250-mx\r\n250 AUTH PLAIN\r\n")))
            if answersFirst { _ = session.receive(.authenticationStart(mechanism: "PLAIN", initialResponse: [0, 1])) }
            let goodbye = session.receive(.received(ByteBuffer(string: "421 4.3.2 shutting down\r\n")))
            #expect(goodbye == [.failed(.authenticationFailed(Reply(421, "4.3.2", "shutting down"))), .close])
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
