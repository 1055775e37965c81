import Foundation
import MailVocabulary

/// A report on a terminal of 80 columns.
struct ProbeText {
    let text: String

    init(_ report: ProbeReport, askedOf servers: String, paint: Paint) {
        var lines = [
            LabelledText(label: "probe", "\(report.domain): \(report.route.words)").text(paint),
            LabelledText(label: "asked", servers).text(paint),
        ]
        if !report.questions.isEmpty { lines.append("") }
        for question in report.questions { lines += Self.lines(question, paint) }
        for session in report.sessions { lines += ["", EscapedText.line(session.name)] + session.stages.flatMap { Self.lines($0, paint) } }
        if report.leftOut > 0 { lines += ["", "\(report.leftOut) more addresses, which delivery would try, were left alone."] }
        let verdict = ProbeVerdict(report)
        lines += ["", LabelledText(label: "verdict", verdict.text, colour: verdict.colour).text(paint)]
        text = lines.joined(separator: "\n")
    }

    private static func lines(_ question: ProbeReport.Question, _ paint: Paint) -> [String] {
        let answer = question.answer
        let status = answer.status.map { ", \($0 == .insecure ? "insecure" : $0.words)" } ?? ""
        let colour: Paint.Colour = answer.outcome == .failure ? .bad : .plain
        let hosts = answer.hostsFile.map { ["  the hosts file has \($0.joined(separator: ", ")) instead"] } ?? []
        return ["\(EscapedText.line(answer.question.name)) \(answer.question.type.word)"]
            + [LabelledText(label: "  " + milliseconds(question.duration), answer.summary + status, colour: colour, indent: 14).text(paint)]
            + hosts + answer.records.prefix(10).map { String(repeating: " ", count: 14) + EscapedText.line($0) }
            + (answer.recordCount > 10 ? [String(repeating: " ", count: 14) + "and \(answer.recordCount - 10) more"] : [])
    }

    private static func lines(_ stage: ProbeStage, _ paint: Paint) -> [String] {
        let label = "  " + stage.kind.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0) + milliseconds(stage.duration)
        let words: [String] =
            switch stage.outcome {
            case .passed: stage.notes.isEmpty ? ["done"] : stage.notes
            case .answered(let reply): ["\(reply)"]
            case .failed(let failure): [failure.words] + stage.notes
            }
        let tolerated = stage.isTolerated ? ["delivery goes on in clear, on another connection"] : []
        let colour: Paint.Colour = stage.outcome == .passed ? .plain : stage.isTolerated ? .doubtful : .bad
        return (words + tolerated).enumerated().map { index, line in
            LabelledText(label: index == 0 ? label : "", line, colour: index == 0 ? colour : .plain, indent: 26).text(paint)
        }
    }

    /// Eight columns and two spaces: `   12 ms  `.
    private static func milliseconds(_ duration: Duration) -> String {
        let text = "\(duration.milliseconds) ms"
        return String(repeating: " ", count: max(0, 8 - text.count)) + text + "  "
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

extension ProbeVerdict {
    fileprivate var colour: Paint.Colour {
        switch kind {
        case .works: .good
        case .temporary, .notSent: .doubtful
        case .permanent: .bad
        }
    }
}
