import Testing

@testable import CommandLineTool

@Suite("What daemons print on the terminal of postern up")
struct DaemonOutputTests {
    private func text(_ pieces: String...) -> [String] {
        var lines = DaemonOutput.Lines()
        return (pieces.map { lines.take(ArraySlice($0.utf8)) } + [lines.rest()]).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("lines come whole, however they are cut, and the last one gets its end")
    func whole() {
        #expect(text("one\ntwo", " and\n", "three") == ["one\n", "two and\n", "", "three\n"])
        #expect(text("\n\n") == ["\n\n", ""])
    }

    @Test("control characters, direction marks and line separators are shown, and the terminal performs none")
    func controls() {
        #expect(
            text("\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}x\u{2028}\ty\n")
                == ["\\u{1b}]0;owned\\u{7}\\u{9b}2J\\u{202e}x\\u{2028}\ty\n", ""])
        var lines = DaemonOutput.Lines()
        #expect(lines.take([0xFF, 0x41, 0x0A]) == Array("\u{FFFD}A\n".utf8))
    }

    @Test("a line without an end does not grow without a bound")
    func endless() {
        var lines = DaemonOutput.Lines()
        let piece = ArraySlice(repeating: UInt8(ascii: "x"), count: 40_000)
        #expect(lines.take(piece).isEmpty)
        #expect(lines.take(piece).count == 80_001 && lines.rest().isEmpty)
    }
}
