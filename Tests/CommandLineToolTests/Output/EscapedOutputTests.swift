import Testing

@testable import CommandLineTool

@Suite("What strangers say on a terminal")
struct EscapedOutputTests {
    @Test("a row of the core's answer shows what strangers said on one line, and keeps it as it is for what goes on working with it")
    func row() throws {
        let row = try Row(#"{"helo":"a\u001b]0;x\u0007\u009b31m\u202eb\nc","list":["a\u0085","b"],"count":3}"#)
        #expect(row.text("helo") == "a\\u{1b}]0;x\\u{7}\\u{9b}31m\\u{202e}b\\nc")
        #expect(row.value("helo") == "a\u{1B}]0;x\u{7}\u{9B}31m\u{202E}b\nc")
        #expect(row.text("list") == "a\\u{85}, b" && row.text("count") == "3" && row.text("none") == "")
    }

    @Test("no cell of a table begins a line of its own")
    func table() {
        var text = ""
        var table = TextTable("ADDRESS", "REPLY") { text += $0 + "\n" }
        table.add("a\u{2028}b@x.example", "550 no\nroot@x.example  250 ok")
        table.finish()
        #expect(text.split(separator: "\n").count == 2)
        #expect(text.contains("a\\u{2028}b@x.example") && text.contains("no\\nroot@x.example"))
    }

    @Test("colours that Postern sets stay, every other sequence is escaped")
    func colours() {
        #expect(Paint.escaped("\u{1B}[1;32maccepted\u{1B}[0m\n") == "\u{1B}[1;32maccepted\u{1B}[0m\n")
        #expect(Paint.escaped("\u{1B}[m") == "\u{1B}[m")
        for (text, expected) in [
            ("\u{1B}[2J", "\\u{1b}[2J"), ("\u{1B}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"), ("a\u{1B}", "a\\u{1b}"),
            ("\u{1B}\u{1B}[31m", "\\u{1b}\u{1B}[31m"), ("\u{9B}31m", "\\u{9b}31m"), ("\u{1B}[31\u{202E}m", "\\u{1b}[31\\u{202e}m"),
            ("\u{1B}\u{301}[31m", "\\u{1b}\u{301}[31m"),
        ] {
            #expect(Paint.escaped(text) == expected)
        }
    }

    @Test("a server's words cannot set colours, also where Postern does")
    func painted() {
        let row = LabelledText(label: "banner", "220 \u{1B}[32mgood\u{1B}[0m\u{202E}", colour: .bad).text(Paint(isOn: true))
        #expect(row == "banner    \u{1B}[31m220 \\u{1b}[32mgood\\u{1b}[0m\\u{202e}\u{1B}[0m")
        #expect(Paint.escaped(row) == row)
    }
}
