import DialogueModel
import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

/// One row of the tables of dialogues with a server session.
///
/// `C:` lines are given to it, turn by turn; what it sends is recorded as `S:` lines, and what it has its host do as `=>` lines behind them.
/// The record of the whole dialogue must equal the transcript. `C: [TLS]` and `C: [no TLS]` stand for a handshake that succeeds and one
/// that fails, `C: [silence]` for the end of the client's time, `C: [stop]` for the server's wish to stop. A reply to EHLO stands as
/// `S: 250 [STARTTLS, AUTH PLAIN]`: without the keywords that are always there.
struct ServerTranscript: CustomTestStringConvertible, Sendable {
    let name: String
    let settings: SMTPServerSettings
    let channel: SecureChannel
    let text: String

    var testDescription: String { name }

    init(
        _ name: String, _ settings: SMTPServerSettings,
        channel: SecureChannel = SecureChannel(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256), _ text: String
    ) {
        (self.name, self.settings, self.channel, self.text) = (name, settings, channel, text)
    }

    static let all = transportSecurity + authentication + permission

    /// The record of the dialogue.
    ///
    /// - Parameter pieces: how many octets of a turn come at a time.
    func play(pieces: Int = .max) -> String {
        var run = ServerRun(settings: settings, isGreeted: settings.transportSecurity.mode != .implicit, channel: channel)
        if settings.transportSecurity.mode == .implicit {
            // In either order.
            for event in [.connected, .secured(channel)] as [SMTPServerEvent] { run.receive(event) }
        }
        var record: [String] = []
        var (seenOctets, seenEvents, isClosed) = (0, 0, false)
        func show() {
            record += Self.shortened(run.sent.dropFirst(seenOctets).split(separator: "\r\n").map(String.init)).map { "S: \($0)" }
            record += run.events.dropFirst(seenEvents).map { "=> \($0)" }
            if run.isClosed, !isClosed { record.append("=> closed") }
            (seenOctets, seenEvents, isClosed) = (run.sent.count, run.events.count, run.isClosed)
        }
        func say(_ bytes: [UInt8]) {
            var rest = bytes[...]
            while !rest.isEmpty {
                run.receive(rest.prefix(pieces))
                rest = rest.dropFirst(pieces)
            }
        }
        show()
        var turn: [UInt8] = []
        for line in text.split(separator: "\n") + [Substring("S:")] {
            guard line.hasPrefix("C: ") else {
                guard !turn.isEmpty || record.last?.hasPrefix("C: [") == true else { continue }
                say(turn)
                turn = []
                show()
                continue
            }
            record.append(String(line))
            switch line.dropFirst(3) {
            case "[TLS]": turn.append(0x16)
            case "[no TLS]": turn.append(0x15)
            case "[silence]": run.receive(.timedOut)
            case "[stop]": run.receive(.shuttingDown)
            case let text: turn += Array("\(text)\r\n".utf8)
            }
        }
        #expect(run.violation == nil)
        return record.joined(separator: "\n")
    }

    private static func shortened(_ lines: [String]) -> [String] {
        var shortened: [String] = []
        var keywords: [Substring]?
        for line in lines {
            if line == "250-mx.test" {
                keywords = []
            } else if let soFar = keywords {
                let keyword = line.dropFirst(4)
                let isAlwaysThere =
                    ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"].contains(keyword) || keyword.hasPrefix("SIZE")
                keywords = soFar + (isAlwaysThere ? [] : [keyword])
                if line.hasPrefix("250 ") {
                    shortened.append("250 [\((keywords ?? []).joined(separator: ", "))]")
                    keywords = nil
                }
            } else {
                shortened.append(line)
            }
        }
        return shortened
    }
}

@Suite("Server session: transcripts")
struct ServerTranscriptTests {
    @Test("the dialogue goes as the transcript says", arguments: ServerTranscript.all)
    func plays(_ transcript: ServerTranscript) {
        #expect(transcript.play() == transcript.text)
    }

    @Test("however the client's octets are split, the dialogue is the same", arguments: ServerTranscript.all)
    func splitting(_ transcript: ServerTranscript) {
        for pieces in [1, 2, 3, 7] { #expect(transcript.play(pieces: pieces) == transcript.text, "pieces of \(pieces)") }
    }
}

extension SMTPServerAction {
    static func sent(_ text: String) -> SMTPServerAction { .send(ByteBuffer(string: text)) }
}

extension SMTPServerEvent {
    static func said(_ text: String) -> SMTPServerEvent { .bytes(ByteBuffer(string: text)) }
}
