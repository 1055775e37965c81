import MailVocabulary

/// An answer on a terminal of 80 columns; records stay on one line each, so that they can be copied.
struct DNSAnswerText {
    let text: String

    init(_ answer: DNSAnswer, askedOf servers: String, paint: Paint) {
        var rows = [
            LabelledText(label: "question", "\(answer.question.name) \(answer.question.type.word)"), LabelledText(label: "asked", servers),
        ]
        if let known = answer.hostsFile {
            rows.append(
                LabelledText(
                    label: "hosts",
                    "Delivery does not ask: the hosts file says \(known.isEmpty ? "nothing" : known.joined(separator: ", "))."))
        }
        let timeToLive = answer.result.timeToLive.map { ", TTL \($0) s" } ?? ""
        let colour: Paint.Colour = answer.outcome == .failure ? .bad : answer.outcome == .answer ? .good : .doubtful
        rows.append(LabelledText(label: "answer", answer.summary + timeToLive, colour: colour))
        if let name = answer.result.canonicalName { rows.append(LabelledText(label: "alias of", name)) }
        if let status = answer.status {
            let colour: Paint.Colour = if case .bogus = status { .bad } else { status == .secure ? .good : .plain }
            rows.append(LabelledText(label: "DNSSEC", status.words, colour: colour))
        }
        if let remark = answer.remark { rows.append(LabelledText(label: "meaning", remark)) }
        var lines = rows.map { $0.text(paint) } + answer.records.map { "  " + EscapedText.line($0) }
        if answer.recordCount > answer.records.count { lines.append("  and \(answer.recordCount - answer.records.count) more") }
        text = lines.joined(separator: "\n")
    }
}
