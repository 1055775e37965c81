import Testing

@testable import CommandLineTool

@Suite("What daemons print on the terminal of postern up")
struct DaemonOutputTests {
    private func lines(_ pieces: String...) -> [String] {
        var lines = DaemonOutput.Lines()
        return pieces.flatMap { lines.take(ArraySlice($0.utf8)) } + lines.rest()
    }

    @Test("lines come whole, however they are cut")
    func whole() {
        #expect(lines("one\ntwo", " and\n", "three") == ["one", "two and", "three"])
        #expect(lines("\n\n") == ["", ""])
    }

    @Test("control characters, direction marks and line separators are shown, and the terminal performs none")
    func controls() {
        #expect(lines("\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}x\u{2028}\ty\n") == ["\\u{1b}]0;owned\\u{7}\\u{9b}2J\\u{202e}x\\u{2028}\ty"])
        var lines = DaemonOutput.Lines()
        #expect(lines.take([0xFF, 0x41, 0x0A]) == ["\u{FFFD}A"])
    }

    @Test("a line without an end does not grow without a bound")
    func endless() {
        var lines = DaemonOutput.Lines()
        let printed = lines.take(ArraySlice(repeating: UInt8(ascii: "x"), count: 200_000))
        #expect(printed.map(\.utf8.count) == [65_536, 65_536, 65_536] && lines.rest().first?.utf8.count == 200_000 - 3 * 65_536)
    }
}
