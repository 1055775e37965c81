import MailVocabulary
import NIOCore

/// What a daemon says of itself over its standing connection, at its beginning and with each change: which configuration it has taken up
/// last, or tried to, and what of it it does not do at present. It gives the daemon nothing (law 3): an administrator reads it.
public struct DaemonReport: Hashable, Sendable {
    /// Sentences at most.
    public static let maximumSentences = 32
    /// Of a sentence, in octets.
    public static let maximumOctets = 512
    /// Of a revision, in octets.
    static let maximumRevision = 64

    /// Of the configuration that it speaks of.
    public let revision: String
    /// A sentence for each thing, for an administrator; none where everything is done.
    public let undone: [String]

    /// Makes sentences lines of no more octets than the core reads; of more sentences than it takes the last says how many there are.
    public init(revision: String, undone: [String]) {
        self.revision = revision
        let lines = undone.map { Self.cut($0) }
        guard lines.count > Self.maximumSentences else {
            self.undone = lines
            return
        }
        let shown = Self.maximumSentences - 1
        self.undone = lines.prefix(shown) + ["and \(lines.count - shown) more things, which its log names"]
    }

    private static func cut(_ sentence: String) -> String {
        let line = EscapedText.line(sentence)
        guard line.utf8.count > maximumOctets else { return line }
        // A character that is cut in half becomes U+FFFD, of three octets.
        return String(decoding: line.utf8.prefix(maximumOctets - 6), as: UTF8.self) + "…"
    }
}

extension WireWriter {
    mutating func write(_ report: DaemonReport) {
        write(line: report.revision)
        write(array: report.undone) { $0.write(line: $1) }
    }
}

extension WireReader {
    mutating func daemonReport() throws(WireError) -> DaemonReport {
        DaemonReport(
            revision: try line(maximum: DaemonReport.maximumRevision),
            undone: try array(maximum: DaemonReport.maximumSentences) { reader throws(WireError) in
                try reader.line(maximum: DaemonReport.maximumOctets)
            })
    }
}
