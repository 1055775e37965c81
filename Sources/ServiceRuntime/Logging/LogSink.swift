import Glibc
import Synchronization

/// Where log lines go: a descriptor, with one `write(2)` per line, so that lines of several processes on one pipe stay whole
/// (up to `PIPE_BUF`, 4,096 octets, by POSIX).
public final class LogSink: Sendable {
    /// The process's standard error.
    public static let standardError = LogSink(descriptor: STDERR_FILENO)

    let descriptor: Int32
    private let lost = Atomic<Int>(0)

    /// - Parameter descriptor: stays the caller's: it is neither closed nor changed.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Lines that could not be written: a full pipe that does not block, a closed one, a full disk.
    public var lostLines: Int { lost.load(ordering: .relaxed) }

    /// Writes a line. What cannot be written is lost and counted: a log that nobody reads must not stop the mail.
    func write(_ line: LogLine) {
        line.bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if written == 0 || errno != EINTR {
                    lost.add(1, ordering: .relaxed)
                    return
                }
            }
        }
    }
}
