import MailVocabulary

extension RecipientOutcome {
    /// The words of remote servers that the outcomes of one lease may carry together, in octets; the rest of a frame is for what
    /// has a fixed size.
    private static var wordsPerLease: Int { 192 * 1024 }

    /// The same outcomes, their replies cut so that they fit into one frame: the longest reply that is taken from a remote server has
    /// some 200,000 octets, and a lease up to 100 recipients. What matters of a reply stands at its beginning.
    static func fitting(_ outcomes: [RecipientOutcome]) -> [RecipientOutcome] {
        let budget = min(2048, wordsPerLease / max(outcomes.count, 1))
        return outcomes.map { outcome in
            let host = outcome.remoteHost.map { cut($0, to: budget / 4) }
            let lines = cut(outcome.reply.lines, to: budget - budget / 4)
            guard host != outcome.remoteHost || lines != outcome.reply.lines else { return outcome }
            return RecipientOutcome(
                index: outcome.index, attempts: outcome.attempts, result: outcome.result,
                reply: Reply(outcome.reply.code, outcome.reply.status, lines: lines), remoteHost: host)
        }
    }

    /// Each line costs four octets more than its text. The first line stays, if only its beginning.
    private static func cut(_ lines: [String], to budget: Int) -> [String] {
        var left = budget
        var kept: [String] = []
        for line in lines.prefix(maximumReplyLines) {
            guard kept.isEmpty || left > 4 else { break }
            let line = cut(line, to: max(0, left - 4))
            left -= line.utf8.count + 4
            kept.append(line)
        }
        return kept
    }

    private static func cut(_ text: String, to octets: Int) -> String {
        guard text.utf8.count > octets else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: octets)
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text.unicodeScalars[..<end])
    }
}
