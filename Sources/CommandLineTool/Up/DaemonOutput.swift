import Glibc
import MailVocabulary
import ServiceRuntime

/// What a daemon writes to its standard output and standard error, on its way to ours.
///
/// A daemon does not get the terminal of `postern up`: whoever took it over could type into it (TIOCSTI) or send it control sequences. It gets a
/// pipe, and what comes out of the pipe is passed on line by line, with control characters shown and not performed.
enum DaemonOutput {
    /// Octets of a line; what is longer is passed on in pieces, each a line of its own.
    private static let longestLine = 64 * 1024

    /// Reads from a descriptor until nobody can write to it any more, on a thread of its own; then closes it.
    ///
    /// - Parameter pass: takes one line without its line feed.
    /// - Returns: whether there is such a thread.
    static func relay(_ descriptor: Int32, to pass: @escaping @Sendable (String) -> Void) -> Bool {
        DetachedThread.start {
            var lines = Lines()
            var buffer = [UInt8](repeating: 0, count: 16 * 1024)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                for line in lines.take(buffer[..<count]) { pass(line) }
            }
            for line in lines.rest() { pass(line) }
            close(descriptor)
        }
    }

    /// Octets to lines. A value.
    struct Lines {
        private var pending: [UInt8] = []

        mutating func take(_ octets: ArraySlice<UInt8>) -> [String] {
            var lines: [String] = []
            for octet in octets {
                if octet == UInt8(ascii: "\n") {
                    lines.append(DaemonOutput.shown(pending))
                    pending.removeAll(keepingCapacity: true)
                } else {
                    pending.append(octet)
                    if pending.count == longestLine { lines += rest() }
                }
            }
            return lines
        }

        /// What has no line feed yet.
        mutating func rest() -> [String] {
            guard !pending.isEmpty else { return [] }
            defer { pending.removeAll(keepingCapacity: true) }
            return [DaemonOutput.shown(pending)]
        }
    }

    /// The text of a line, as it may stand on a terminal.
    private static func shown(_ octets: [UInt8]) -> String { EscapedText.lines(String(decoding: octets, as: UTF8.self)) }
}
