import NIOCore
import Testing

@testable import SMTPProtocol

/// One row of the tables of dialogues.
struct ClientTranscript: CustomTestStringConvertible, Sendable {
    let name: String
    let dialogue: @Sendable () -> ClientDialogue
    let text: String

    var testDescription: String { name }

    init(_ name: String, _ dialogue: @autoclosure @escaping @Sendable () -> ClientDialogue, _ text: String) {
        (self.name, self.dialogue, self.text) = (name, dialogue, text)
    }

    static let all = greeting + lockStep + pipelined + chunked + local + lmtp + lost + transportSecurity + authentication
}

@Suite("Client session: transcripts")
struct ClientTranscriptTests {
    @Test("the dialogue goes as the transcript says", arguments: ClientTranscript.all)
    func plays(_ transcript: ClientTranscript) {
        #expect(transcript.dialogue().play(transcript.text) == transcript.text)
    }

    @Test("however the server's octets are split, the dialogue is the same", arguments: ClientTranscript.all)
    func splitting(_ transcript: ClientTranscript) {
        for size in [1, 2, 3, 7] {
            let record = transcript.dialogue().play(transcript.text) { bytes in
                var rest = bytes
                var pieces: [ByteBuffer] = []
                while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 { pieces.append(piece) }
                return pieces
            }
            #expect(record == transcript.text, "pieces of \(size)")
        }
        for seed in UInt64(0)..<20 {
            var generator = ClientTestGenerator(state: seed)
            let record = transcript.dialogue().play(transcript.text) { bytes in
                var rest = bytes
                var pieces: [ByteBuffer] = []
                while rest.readableBytes > 0, let piece = rest.readSlice(length: .random(in: 1...rest.readableBytes, using: &generator)) {
                    pieces.append(piece)
                }
                return pieces
            }
            #expect(record == transcript.text, "seed \(seed)")
        }
    }
}
