import DialogueModel
import Foundation
import MailVocabulary
import NIOCore
import SMTPProtocol
import Testing

/// Properties that hold for every stream of bytes, tried on a corpus and on what becomes of it by chance. A seeded fuzzer: the same seed
/// gives the same streams.
@Suite("Every stream of bytes")
struct ServerPropertyTests {
    /// Dialogues in `Fuzz/SMTPCommands/corpus`, one per file.
    static let corpus: [[UInt8]] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return ["SMTPCommands", "ContentFraming"].flatMap { name in
            let folder = root.appendingPathComponent("Fuzz/\(name)/corpus")
            let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []  // Told below.
            return files.sorted { $0.path < $1.path }.compactMap { file in (try? Data(contentsOf: file)).map(Array.init) }
        }
    }()

    /// Without TLS and AUTH, with both, and with both at the client's choice.
    private static let settings = [ServerRun.settings, ServerRun.submissionSettings, ServerRun.lenientSettings]

    @Test("there is a corpus to begin with")
    func hasCorpus() { #expect(Self.corpus.count >= 8) }

    @Test("is worked off the same however it is split", arguments: 0..<40)
    func splits(seed: UInt64) {
        var generator = SplitMix64(state: seed)
        for original in Self.corpus {
            let bytes = seed == 0 ? original : Self.mutate(original, &generator)
            let settings = Self.settings.randomElement(using: &generator)!
            var whole = ServerRun(settings: settings)
            whole.receive(bytes)
            var split = ServerRun(settings: settings)
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(rest.count, [1, 3, 50, 4000].randomElement(using: &generator)!), using: &generator)
                split.receive(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(whole.sent == split.sent, "seed \(seed)")
            #expect(whole.events == split.events, "seed \(seed)")
            #expect(whole.isClosed == split.isClosed)
            #expect(whole.droppedOctets == split.droppedOctets, "seed \(seed)")
            #expect(whole.violation == nil, "seed \(seed)")
        }
    }

    @Test("is worked off the same when it is cut at any one place")
    func everyCut() {
        for settings in Self.settings {
            for bytes in Self.corpus where bytes.count < 600 {
                var whole = ServerRun(settings: settings)
                whole.receive(bytes)
                for cut in 1..<max(2, bytes.count) {
                    var run = ServerRun(settings: settings)
                    run.receive(bytes[..<min(cut, bytes.count)])
                    run.receive(bytes[min(cut, bytes.count)...])
                    #expect(run.sent == whole.sent && run.events == whole.events, "cut at \(cut)")
                }
            }
        }
    }

    private static func mutate(_ original: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
        var bytes = original
        let tokens: [[UInt8]] = [
            "\r\n", "\r", "\n", ".", "\0", "\r\n.\r\n", "<", ">", "@", "BDAT 5\r\n", "RSET\r\n", "DATA\r\n", "é", "SIZE=", " ",
            "STARTTLS\r\n", "\u{16}", "\u{15}", "AUTH PLAIN ", "AUTH SCRAM-SHA-256 YQ==\r\n", "*\r\n", "cmlnaHQ=\r\n", "=",
        ].map {
            Array($0.utf8)
        }
        for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0...3, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: tokens.randomElement(using: &generator)!, at: place)
            default:
                let end = min(bytes.count, place + Int.random(in: 1...40, using: &generator))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }
}

/// The same numbers for the same seed.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
