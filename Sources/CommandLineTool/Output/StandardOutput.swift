import ArgumentParser
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// What a command answers.
///
/// Who redirects it into a file relies on that file: what cannot be written ends the command with a sentence and a status.
enum StandardOutput {
    static func print(_ text: String, terminator: String = "\n") {
        var text = text + terminator
        text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(STDOUT_FILENO, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count >= 0 {
                    written += count
                } else if errno == EAGAIN {
                    // A pipe or terminal that somebody else made non-blocking.
                    var poll = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                    _ = Glibc.poll(&poll, 1, -1)
                } else if errno != EINTR {
                    StandardError.print("postern: the output cannot be written: \(SystemReason.text(ofErrorNumber: errno))")
                    exit(ExitStatus.inputOutput.rawValue)
                }
            }
        }
    }
}
