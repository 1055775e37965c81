import Dispatch
import Glibc
import MailVocabulary
import ServiceRuntime

/// What a daemon writes to its standard output and standard error, on its way to ours.
///
/// A daemon does not get the terminal of `postern up`: whoever took it over could type into it (TIOCSTI) or send it control sequences. It gets a
/// pipe, and what comes out of the pipe is passed on in whole lines, with control characters shown and not performed.
enum DaemonOutput {
    /// Octets of a line; what is longer is passed on in pieces, each a line of its own.
    private static let longestLine = 64 * 1024
    /// Octets of the pipe: what a busy daemon logs in several pauses.
    private static let pipeSize: Int32 = 1 << 20
    /// Between two reads, in microseconds: a busy daemon's lines come in one go, and no line comes noticeably late.
    private static let pause: UInt32 = 5000
    /// `F_SETPIPE_SZ`, which the headers give only to GNU sources.
    private static let setPipeSize: Int32 = 1031

    /// Reads from a pipe until nobody can write to it any more, on a thread of its own; then closes it.
    ///
    /// - Parameters:
    ///   - pass: takes octets that are whole lines.
    ///   - end: called once, when everything has been passed on.
    /// - Returns: whether there is such a thread; the pipe is the caller's where there is none.
    static func relay(
        _ descriptor: Int32, to pass: @escaping @Sendable ([UInt8]) -> Void, end: @escaping @Sendable () -> Void
    ) -> Bool {
        // Where the system allows no more, what it has is enough.
        _ = fcntl(descriptor, setPipeSize, pipeSize)
        return DetachedThread.start {
            var lines = Lines()
            var buffer = [UInt8](repeating: 0, count: longestLine)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                let whole = lines.take(buffer[..<count])
                if !whole.isEmpty { pass(whole) }
                if count < buffer.count { usleep(pause) }
            }
            let rest = lines.rest()
            if !rest.isEmpty { pass(rest) }
            close(descriptor)
            end()
        }
    }

    /// Octets to whole lines. A value.
    struct Lines {
        private var pending: [UInt8] = []

        /// - Returns: the lines that are whole by now, as they may stand on a terminal.
        mutating func take(_ octets: ArraySlice<UInt8>) -> [UInt8] {
            guard let last = octets.lastIndex(of: UInt8(ascii: "\n")) else {
                pending += octets
                return pending.count >= longestLine ? rest() : []
            }
            let whole = pending + octets[...last]
            pending = Array(octets[(last + 1)...])
            return DaemonOutput.shown(whole)
        }

        /// What has no line feed yet, as a line.
        mutating func rest() -> [UInt8] {
            guard !pending.isEmpty else { return [] }
            defer { pending = [] }
            return DaemonOutput.shown(pending + [UInt8(ascii: "\n")])
        }
    }

    /// Lines as they may stand on a terminal. Nearly all are ASCII, of which nothing needs to be looked at twice.
    private static func shown(_ octets: [UInt8]) -> [UInt8] {
        let isPlain = octets.allSatisfy { (0x20..<0x7F).contains($0) || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t") }
        return isPlain ? octets : Array(EscapedText.lines(String(decoding: octets, as: UTF8.self)).utf8)
    }
}
