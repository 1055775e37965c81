import ArgumentParser
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// A file with one envelope a line.
struct FactsFile {
    /// `-` for standard input.
    let path: String

    /// As errors name it.
    var name: String { path == "-" ? "standard input" : path }

    /// Each line that is not blank, as it comes, with its number from 1; ends the command with 74 where the file cannot be read.
    func forEachLine(_ body: (String, Int) throws -> Void) throws {
        if path != "-" {
            // `readLine` knows standard input only.
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0, dup2(descriptor, STDIN_FILENO) >= 0 else {
                Environment.printError("postern: \(path): \(SystemReason.text(ofErrorNumber: errno))")
                throw ExitCode(ExitStatus.inputOutput.rawValue)
            }
        }
        var number = 0
        while let line = readLine() {
            number += 1
            if !line.allSatisfy(\.isWhitespace) { try body(line, number) }
        }
    }
}
