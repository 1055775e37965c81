import ArgumentParser
import Foundation
import NameResolution

/// `postern dns` (S32)
struct DNSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dns", abstract: "Ask DNS as delivery does, or print the records that this system needs.",
        discussion: "`postern dns mx example.org` is short for `postern dns ask mx example.org`.",
        subcommands: [DNSAskCommand.self, DNSRecordsCommand.self], defaultSubcommand: DNSAskCommand.self)
}

/// `postern dns ask`
struct DNSAskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Ask DNS as delivery does: mx, a, aaaa, ptr, tlsa, ns or txt records.",
        discussion: """
            By the resolver of the configuration, or the system's where there is no configuration. `ptr` takes an address; `tlsa` takes a \
            host, with a port if it is not 25. Whether an answer is secure can only be told with a trust anchor: that of \
            `resolver.dnssec`, or --trust-anchor. Exit status: 0 with records, 1 where there are none, 75 where DNS gives no answer.
            """)

    @Argument(help: "mx, a, aaaa, ptr, tlsa, ns or txt.") var kind: DNSQuestion.Kind
    @Argument(help: "The name; for ptr an address.") var name: String
    @Flag(help: "One JSON object.") var json = false
    @OptionGroup var options: DiagnosisOptions

    func validate() throws { _ = try DNSQuestion(kind, parsing: name) }

    func run() async throws {
        let looking = try options.resolver(try options.topology())
        let answer = await looking.ask(try DNSQuestion(kind, parsing: name))
        if json {
            StandardOutput.print(try JSONLine.text(AnswerJSON(answer)))
        } else {
            StandardOutput.print("\(kind.rawValue.uppercased()) \(answer.question.name): \(answer.outcome)")
            for record in answer.records { StandardOutput.print("    \(record)") }
        }
        if answer.status != 0 { throw ExitCode(answer.status) }
    }
}

/// An answer as `--json` shows it.
struct AnswerJSON: Encodable {
    let kind, name, outcome: String
    let records: [String]
    let security, reason: String?
    let milliseconds: Int

    init(_ answer: DNSAnswer) {
        (kind, name, outcome) = (answer.question.kind.rawValue, answer.question.name, answer.word)
        (records, security, milliseconds) = (answer.records, answer.securityWord, Int(answer.seconds * 1000))
        if case .failure(let failure) = answer.answer { reason = "\(failure)" } else { reason = nil }
    }
}
