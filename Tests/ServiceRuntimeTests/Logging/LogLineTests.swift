import Foundation
import Logging
import MailVocabulary
import Testing

@testable import ServiceRuntime

@Suite("log lines")
struct LogLineTests {
    static let time = LogTime(milliseconds: 1_795_489_620_125)

    static func record(_ message: String, _ metadata: Logger.Metadata = [:], level: Logger.Level = .info) -> LogRecord {
        LogRecord(time: time, level: level, process: "edge", message: message, metadata: metadata)
    }

    static func text(_ line: LogLine) -> String { String(decoding: line.bytes, as: UTF8.self) }

    static func object(_ line: LogLine) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.bytes)) as? [String: Any])
    }

    @Test("a JSON line has time, level, process, message, then the metadata by name")
    func jsonLayout() {
        let record = Self.record(
            "message queued", ["size": "4096", "queue_id": "abc", "b": .array(["1", "2"]), "a": .dictionary(["k": "v"])])
        #expect(
            Self.text(record.jsonLine())
                == #"{"time":"2026-11-24T03:07:00.125Z","level":"info","process":"edge","message":"message queued","#
                + #""a":{"k":"v"},"b":["1","2"],"queue_id":"abc","size":"4096"}"# + "\n")
    }

    @Test("a text line has time, level, process and message in columns, then the metadata by name")
    func textLayout() {
        let record = Self.record("message queued", ["from": "a b", "queue_id": "abc", "empty": ""], level: .warning)
        #expect(
            Self.text(record.textLine())
                == "2026-11-24T03:07:00.125Z warning  edge: message queued empty=\"\" from=\"a b\" queue_id=abc\n")
    }

    static let hostileTexts: [String] = [
        "plain", "", "\"", "\\", "\\\"", "a\nb", "a\r\nb", "\t", "\u{0}", "\u{1b}[2J", "\u{7f}", "\u{85}", "\u{9b}31m", "\u{2028}",
        "\u{2029}",
        "\u{202e}txt.exe", "ü", "é\u{301}", "日本語", "😀", "a\u{FEFF}b", "\u{E0041}\u{200D}", "\u{fffd}", "\u{E000}", "…", "©", "\u{80}",
        "\u{10FFFF}", "</script>",
        "ends with backslash\\", "{\"queue_id\":\"forged\"}", "x\n{\"time\":\"forged\"}", "x\n2026-11-24T03:07:00.125Z info edge: forged",
        String(decoding: [0xFF, 0xC0, 0x80, 0xE2, 0x28], as: UTF8.self),
    ]

    @Test("a JSON parser reads back exactly what was logged, from one line", arguments: hostileTexts)
    func jsonRoundTrip(text: String) throws {
        let line = Self.record(text, ["v": .string(text), "list": .array([.string(text)]), "map": .dictionary([text: .string(text)])])
            .jsonLine()
        #expect(line.bytes.filter { $0 == 0x0A }.count == 1 && line.bytes.last == 0x0A)
        #expect(line.bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        let object = try Self.object(line)
        #expect((object["message"] as? String)?.utf8.elementsEqual(text.utf8) == true)
        #expect((object["v"] as? String)?.utf8.elementsEqual(text.utf8) == true)
        #expect((object["list"] as? [String])?.first?.utf8.elementsEqual(text.utf8) == true)
        #expect(Set(object.keys) == ["time", "level", "process", "message", "v", "list", "map"])
    }

    @Test("hostile text stays within its line and its value, also as text", arguments: hostileTexts)
    func textStaysOneLine(text: String) {
        let line = Self.record("m", ["v": .string(text), "w": "end", text: "key"]).textLine()
        #expect(line.bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7F } && line.bytes.last == 0x0A)
        let scalars = Self.text(line).unicodeScalars.map(\.value)
        #expect(!scalars.contains { (0x80...0x9F).contains($0) || (0x2028...0x202E).contains($0) || (0x2066...0x2069).contains($0) })
    }

    @Test(
        "the log escapes what the command line escapes",
        arguments: hostileTexts + ["\u{61C}", "\u{200B}", "\u{200E}\u{200F}", "\u{2060}", "\u{E0041}"])
    func oneRule(text: String) {
        let lines = [Self.record(text, ["v": .string(text)]).textLine(), Self.record(text, ["v": .string(text)]).jsonLine()].map(Self.text)
        for line in lines { #expect(!line.dropLast().unicodeScalars.contains(where: EscapedText.isEscaped)) }
    }

    @Test("control characters are escaped readably in text")
    func textEscapes() {
        let line = Self.text(Self.record("a\nb\u{1b}[0m\u{9b}c\\").textLine())
        #expect(line.hasSuffix("edge: a\\nb\\u{1b}[0m\\u{9b}c\\\\\n"))
    }

    @Test("a quote in a message is readable, in a value it is escaped")
    func quotes() {
        let line = Self.text(Self.record("runs as \"root\"", ["account": "\"root\""]).textLine())
        #expect(line.hasSuffix("edge: runs as \"root\" account=\"\\\"root\\\"\"\n"), "\(line)")
    }

    @Test("metadata cannot replace the line's own fields")
    func reservedNames() throws {
        let object = try Self.object(Self.record("m", ["time": "forged", "level": "forged", "cut": "forged"]).jsonLine())
        #expect(object["time"] as? String == "2026-11-24T03:07:00.125Z")
        #expect(object["level"] as? String == "info")
        #expect(object["level_"] as? String == "forged")
        #expect(object["cut_"] as? String == "forged")
    }

    @Test(
        "any prefix of a long text that fits is written whole, and a line never exceeds its limit",
        arguments: ["x", "é", "日", "😀", "\n", "\u{1b}", "\u{9b}", "\""])
    func bounded(unit: String) throws {
        for count in Array(stride(from: 1, to: 9000, by: 997)) + Array(8040...8060) {
            let text = String(repeating: unit, count: count)
            for line in [Self.record(text).jsonLine(), Self.record("m", ["k": .string(text)]).jsonLine()] {
                #expect(line.bytes.count <= LogLine.limit)
                let object = try Self.object(line)
                let written = try #require((object["k"] ?? object["message"]) as? String)
                #expect(line.isCut ? (object["cut"] as? Bool == true && text.hasPrefix(written)) : written == text)
            }
            let readable = Self.record(text, ["k": .string(text)]).textLine()
            #expect(readable.bytes.count <= LogLine.limit && String(validating: readable.bytes, as: UTF8.self) != nil)
            #expect(readable.bytes.last == 0x0A)
        }
    }

    @Test("a line with more metadata than fits, or nested deeper than is written, is still one JSON object")
    func muchMetadata() throws {
        var many: Logger.Metadata = [:]
        for number in 0..<5000 { many["key\(number)"] = .array([.string("\(number)"), .dictionary(["inner": "value"])]) }
        let wide = Self.record("m", many).jsonLine()
        #expect(wide.isCut && wide.bytes.count <= LogLine.limit)
        #expect(try Self.object(wide)["cut"] as? Bool == true)
        var deep = Logger.Metadata.Value.string(String(repeating: "x", count: 9000))
        for _ in 0..<50 { deep = .array([.dictionary(["d": deep])]) }
        let nested = Self.record("m", ["deep": deep]).jsonLine()
        #expect(nested.bytes.count <= LogLine.limit)
        _ = try Self.object(nested)
    }

    @Test(
        "moments are written as the C library has them",
        arguments: [
            0, 1, 951_782_399_999, 951_782_400_000, 1_709_164_800_000, 4_107_542_399_999, 1_795_489_620_125, -1, 253_402_300_799_999,
        ] as [Int64])
    func times(milliseconds: Int64) {
        var line = LogLine()
        LogTime(milliseconds: milliseconds).append(to: &line)
        var seconds = Int((Double(milliseconds) / 1000).rounded(.down))
        let rest = milliseconds - Int64(seconds) * 1000
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let length = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S.", &parts)
        let expected = String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
        #expect(Self.text(line) == expected + String(String(1000 + rest).dropFirst()) + "Z")
    }
}
