import MailVocabulary
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// What a command answers. The only place of the command line that writes to standard output: what strangers said leaves it escaped
/// (``EscapedText``), so that it cannot do anything to the terminal of whoever reads it.
///
/// Who redirects it into a file relies on that file: what cannot be written ends the command with a sentence and a status.
enum StandardOutput {
    /// Text for people: line ends and tabs are Postern's own, every other control character is escaped.
    static func print(_ text: String, terminator: String = "\n") { writeOrEnd(EscapedText.lines(text) + terminator) }

    /// Complete JSON, a line or several; what is escaped means the same to who parses it.
    static func printJSON(_ text: String, terminator: String = "\n") { writeOrEnd(EscapedText.json(text) + terminator) }

    /// Text that ``Paint`` gave colours to: those stay. What strangers said in it was escaped before.
    static func printPainted(_ text: String) { writeOrEnd(Paint.escaped(text) + "\n") }

    /// The same, for a process that goes on whatever becomes of its output.
    ///
    /// - Returns: the `errno` of what could not be written; nil where everything was.
    static func tryToPrintPainted(_ text: String) -> Int32? { write(Paint.escaped(text) + "\n") }

    private static func writeOrEnd(_ text: String) {
        guard let number = write(text) else { return }
        if number == EPIPE {
            // Whoever read has had enough, as of `grep` or `ls`: the process ends without a word, as by the signal (141 to a shell).
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
            exit(128 + SIGPIPE)
        }
        StandardError.print("postern: cannot write standard output: \(SystemReason.text(ofErrorNumber: number))")
        exit(ExitStatus.inputOutput.rawValue)
    }

    /// - Returns: the `errno` of what could not be written.
    private static func write(_ text: String) -> Int32? {
        var text = text
        return text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(STDOUT_FILENO, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count >= 0 {
                    written += count
                } else if errno == EAGAIN {
                    // A pipe or terminal that somebody else made non-blocking.
                    var poll = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                    _ = Glibc.poll(&poll, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
    }
}
