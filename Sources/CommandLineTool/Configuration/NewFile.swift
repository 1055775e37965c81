import ArgumentParser
import ServiceRuntime
import TrustedFiles

/// Writes a file that must not exist yet: what an administrator wrote is never replaced.
enum NewFile {
    static func write(_ text: String, to path: String) throws {
        do throws(TrustedFileError) {
            try AtomicFile.create(Array(text.utf8), at: path, mode: 0o644)
        } catch {
            if case .alreadyExists = error {
                Environment.printError("postern: \(path): exists already, and is left as it is")
            } else {
                Environment.printError("postern: \(error)")
            }
            throw ExitCode(ExitStatus.osError.rawValue)
        }
    }
}
