import ArgumentParser
import Explanation
import Foundation
import ServiceRuntime
import TopologyFile

extension ExplainCommand {
    /// `postern explain route`
    struct Route: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What would become of a message, and why. Nothing is sent.",
            discussion: """
                The decision, then each step: the rule, the line of the configuration, what was found. Bare names are completed by \
                default_domain; the null reverse-path is `--from '<>'`. Connectors that are down in the running core count as down here, \
                unless --down or --directory is given.

                With --facts, one JSON object a line with the names via, client, client_name, as, from, to, size, priority, system, at, \
                down; and one a line as the answer.
                """)

        @Option(help: "The virtual server that it comes in at.") var via: String?
        @Option(help: "The client's address.") var client: String?
        @Option(help: "The host name that reverse DNS confirms.") var clientName: String?
        @Option(help: ArgumentHelp("Who is logged in.", valueName: "user")) var `as`: String?
        @Option(help: "The reverse-path.") var from: String?
        @Option(help: "The recipient.") var to: String?
        @Option(help: "The size of the message, in octets or such as 3MiB.") var size: String?
        @Option(help: "high, normal or low.") var priority: String?
        @Flag(help: "A program wrote it.") var system = false
        @Option(help: ArgumentHelp("When: a time of the week such as 'Mon 03:00'.", valueName: "time")) var at: String?
        @Option(help: ArgumentHelp("A connector that is down, whatever the running core says; may be repeated.", valueName: "connector"))
        var down: [String] = []
        @Option(help: ArgumentHelp("Many at once: JSON Lines; - for standard input.", valueName: "file")) var facts: String?
        @Flag(help: "One JSON object.") var json = false
        @OptionGroup var explainer: ExplainerOptions

        private var options: [(key: String, value: String)] {
            let written: [(String, String?)] = [
                ("via", via), ("client", client), ("client_name", clientName), ("as", `as`), ("from", from), ("to", to), ("size", size),
                ("priority", priority), ("system", system ? "true" : nil), ("at", at),
            ]
            return written.compactMap { key, value in value.map { (key, $0) } } + down.map { ("down", $0) }
        }

        func validate() throws {
            guard facts != nil else { return }
            if let first = options.first {
                throw ValidationError("--facts says everything that --\(first.key.replacing("_", with: "-")) would say")
            }
        }

        func run() async throws {
            let topology = try explainer.file.topology(files: .none)
            if let facts { return try await FactsAnswers(path: facts, topology: topology).run(explainer.explainer(for: topology)) }
            // A question about the running core is one about now; whoever says what is down, or who there is, asks about something else.
            let running: RunningConnectors? =
                if down.isEmpty, explainer.directory == nil {
                    try await explainer.ofRunningCore { try await RunningConnectors($0, of: topology) }
                } else {
                    nil
                }
            let explanation = try await explainer.explain(options + (running?.names ?? []).map { ("down", $0) }, by: topology)
            if json { return StandardOutput.printJSON(try ExplanationOutput.json(explanation)) }
            let notes = SessionNote.notes(on: explanation.envelope, in: topology)
            for note in notes { StandardOutput.print(Self.text(of: note)) }
            if !notes.isEmpty { StandardOutput.print("\nWere it to come to the decision:") }
            StandardOutput.printPainted(ExplanationOutput.text(explanation))
            for sentence in running?.sentences ?? [] {
                StandardOutput.print(StepText.wrapped(sentence, indentation: "").joined(separator: "\n"))
            }
        }

        private static func text(of note: SessionNote) -> String {
            let words = StepText.wrapped("refused by the front end: \(note.sentence) [\(note.rule.code)]", indentation: "")
            return (words + ["    rule \(note.rule.rule)" + (note.rule.location.map { "  \($0)" } ?? "")]).joined(separator: "\n")
        }
    }
}
