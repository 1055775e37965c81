import Glibc
import Synchronization

/// Where log lines go: a descriptor, with one `write(2)` per line, so that lines of several processes on one pipe stay whole
/// (up to `PIPE_BUF`, 4,096 octets, by POSIX).
///
/// A reader that does not read holds a process up once, for `patience`; from then on lines are lost, and counted, until it reads again.
public final class LogSink: Sendable {
    /// The process's standard error.
    public static let standardError = LogSink(descriptor: STDERR_FILENO)

    /// How long a reader may keep a line waiting, in milliseconds.
    private static let patience: Int32 = 200
    /// What a pipe that is ready takes without blocking (pipe(7)).
    private static let piece = 4096

    let descriptor: Int32
    private let lost = Atomic<Int>(0)
    /// The reader did not read the last time.
    private let isStalled = Atomic<Bool>(false)
    /// The last line was cut: the next begins on a line of its own.
    private let isInsideLine = Atomic<Bool>(false)

    /// - Parameter descriptor: stays the caller's: it is neither closed nor changed.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Lines that could not be written whole: a full pipe, a closed one, a full disk.
    public var lostLines: Int { lost.load(ordering: .relaxed) }

    /// Writes a line. What cannot be written is lost and counted: a log that nobody reads must not stop the mail.
    func write(_ line: LogLine) {
        if isInsideLine.load(ordering: .relaxed) {
            guard write([UInt8(ascii: "\n")]) == 1 else { return lose() }
            isInsideLine.store(false, ordering: .relaxed)
        }
        let written = write(line.bytes)
        guard written < line.bytes.count else { return }
        lose()
        if written > 0 { isInsideLine.store(true, ordering: .relaxed) }
    }

    private func lose() { lost.add(1, ordering: .relaxed) }

    /// - Returns: how many octets went out.
    private func write(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                guard isReady() else { return written }
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...].prefix(Self.piece))
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    written += count
                } else if count == 0 || errno != EINTR {
                    return written
                }
            }
            return written
        }
    }

    /// Whether the descriptor takes something now, or soon. Files always do.
    private func isReady() -> Bool {
        let patience = isStalled.load(ordering: .relaxed) ? 0 : Self.patience
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let isReady = poll(&state, 1, patience) > 0 && state.revents & Int16(POLLOUT) != 0
        isStalled.store(!isReady, ordering: .relaxed)
        return isReady
    }
}
