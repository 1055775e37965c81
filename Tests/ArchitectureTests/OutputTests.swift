import Foundation
import Testing

/// What the command line prints goes through one place, which escapes what strangers said.
@Suite("The command line's output")
struct OutputTests {
    /// Whatever writes to descriptors 1 and 2 besides, by the names that Swift and C have for it.
    private static let writers = [
        #"(?:^|[^.\w])(print|debugPrint|dump|puts|putchar|fputs|fputc|fwrite|printf|fprintf|dprintf|perror)\("#,
        #"FileHandle\.standard(Output|Error)"#, #"\bFileHandle\(fileDescriptor: *(1|2|STDOUT_FILENO|STDERR_FILENO)\b"#,
        #"\b(write|writev|pwrite)\( *(1|2|STDOUT_FILENO|STDERR_FILENO)\b"#, #"(?:^|[^.\w])(stdout|stderr)\b"#, #"/dev/(stdout|stderr|tty)"#,
    ]

    /// The lines of a source that write.
    private static func writing(_ source: String) throws -> [String] {
        let code = SwiftCode(source).lines.map(String.init)
        return try code.filter { line in
            try writers.contains { line.firstMatch(of: try Regex($0)) != nil }
        }
    }

    @Test(
        "nothing of the command line writes to standard output or standard error but StandardOutput, and StandardError through Environment")
    func onePlace() throws {
        let place = "Sources/CommandLineTool/Output/StandardOutput.swift"
        for path in try ProjectFolder.swiftFiles(below: "Sources/CommandLineTool") + ProjectFolder.swiftFiles(below: "Sources/postern") {
            let lines = try Self.writing(try ProjectFolder.text(path))
            if path == place { #expect(!lines.isEmpty) } else { #expect(lines.isEmpty, "\(path): \(lines)") }
        }
        for path in ["Sources/CommandLineTool/Output/StandardOutput.swift", "Sources/ServiceRuntime/Start/StandardError.swift"] {
            #expect(try ProjectFolder.text(path).contains("EscapedText."), "\(path) escapes")
        }
    }

    @Test("no JSON is printed as text: its escapes are others")
    func json() throws {
        for path in try ProjectFolder.swiftFiles(below: "Sources/CommandLineTool") {
            for line in SwiftCode(try ProjectFolder.text(path)).lines where line.contains("StandardOutput.print(") {
                #expect(line.firstMatch(of: /StandardOutput\.print\((line\)|.*JSON|.*json\()/) == nil, "\(path): \(line)")
            }
        }
    }

    @Test("the check sees each way to write, and not what merely looks like one")
    func sees() throws {
        for line in [
            "print(text)", "  debugPrint(x)", "fputs(text, stderr)", "write(STDOUT_FILENO, bytes, count)",
            "FileHandle.standardError.write(data)",
            "write(2, bytes, count)", "fflush(stdout)", "if isOn { print(x) }",
        ] {
            #expect(try Self.writing(line) == [line])
        }
        for line in [
            "StandardOutput.print(text)", "Environment.printError(x)", "// print(x)", "let x = \"print(x)\"", "isatty(STDOUT_FILENO)",
        ] {
            #expect(try Self.writing(line).isEmpty, "\(line)")
        }
    }
}
