import MailVocabulary
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// What is said to a person before there are logs, or beside what a command prints.
public enum StandardError {
    /// Lines of several threads do not get into each other.
    private static let turn = Mutex(())

    /// Writes one or more lines; what strangers said in them is escaped. That nobody reads it is no error.
    public static func print(_ text: String) { pass(Array((EscapedText.lines(text) + "\n").utf8)) }

    /// Writes whole lines as they are: whoever composed them has escaped what strangers said.
    public static func pass(_ lines: [UInt8]) {
        turn.withLock { _ in
            lines.withUnsafeBytes { bytes in
                var written = 0
                while written < bytes.count {
                    let count = write(STDERR_FILENO, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                    if count < 0, errno == EINTR { continue }
                    if count <= 0 { return }
                    written += count
                }
            }
        }
    }
}
